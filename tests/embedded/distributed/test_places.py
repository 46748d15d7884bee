"""Where each process listens, and what it is given."""

import os
import socket
from pathlib import Path

import pytest

from common.serving import PortBusy
from common.settings import load_settings
from embedded.distributed.places import Place, environment, find_places
from embedded.services import SERVICES
from orders.settings import OrdersSettings

URL = "postgresql://orders:secret@/huitou?host=/a/folder"
PLACES = [
    Place(service, part, 8000 + number)
    for number, (part, service) in enumerate(
        (part, service) for part in ("api", "worker", "relay") for service in SERVICES
    )
]


def test_the_apis_have_the_first_ports_and_every_process_its_own() -> None:
    places = find_places(0)
    assert len({place.port for place in places}) == len(places) == 12
    assert [place.name for place in places[:4]] == [f"{service} api" for service in SERVICES]


def test_a_port_that_is_taken_is_said_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PortBusy, match="PORT="):
            find_places(taken.getsockname()[1] - 12)


def test_a_process_gets_ours_whatever_the_callers_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_DATABASE_URL", "postgresql://somewhere/else")
    monkeypatch.setenv("BUS", "postgres")
    monkeypatch.setenv("ORDERS_PAY_DEADLINE_MINUTES", "7")
    settings = {
        "environment": "development",
        "bus": "kafka",
        "kafka_servers": "127.0.0.1:9092",
        "kafka_replication": 1,
        "kafka_minimum_in_sync": 1,
        "signing_key_file": Path("/a/key"),
        "log_urls": {"members": URL},
    }
    given = environment(PLACES[0], PLACES, settings, url=URL)
    assert "ORDERS_SIGNING_KEY_FILE" not in given  # no setting of theirs
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    loaded = load_settings(OrdersSettings)
    assert (loaded.bus, loaded.port, loaded.pay_deadline_minutes) == ("kafka", PLACES[0].port, 7)
    assert loaded.database_url.get_secret_value() == URL
    assert loaded.log_url("members") == URL
    assert loaded.jwks_url == "http://127.0.0.1:8001/members/v1/jwks"
    assert os.environ["ORDERS_BUS"] == "kafka"
