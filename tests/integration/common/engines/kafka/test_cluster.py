import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.engines.errors import EngineError
from common.engines.folder import DataFolder, open_folder
from common.engines.kafka.cluster import CONTROLLER, Listener, check_free, keep_cluster, plan_cluster, read_cluster

pytestmark = pytest.mark.integration


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[DataFolder]:
    with open_folder(tmp_path / "data") as folder:
        yield folder


def test_what_was_decided_first_stays(bare: DataFolder) -> None:
    first = plan_cluster(bare, brokers=3, first_port=None)
    keep_cluster(bare, first)
    assert plan_cluster(bare, brokers=None, first_port=None) == first == read_cluster(bare.path)


def test_given_ports_move_the_same_cluster(bare: DataFolder) -> None:
    first = plan_cluster(bare, brokers=1, first_port=20_000)
    keep_cluster(bare, first)
    moved = plan_cluster(bare, brokers=1, first_port=21_000)
    assert (moved.cluster_id, moved.first_port) == (first.cluster_id, 21_000)


def test_every_door_of_every_broker_has_a_port_of_its_own(bare: DataFolder) -> None:
    cluster = plan_cluster(bare, brokers=3, first_port=9092)
    doors = [*Listener, CONTROLLER]
    assert sorted(cluster.port(node, door) for node in cluster.nodes for door in doors) == list(range(9092, 9107))
    assert cluster.addresses(Listener.PLAIN) == "127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094"


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ({"brokers": 3}, r"holds a Kafka cluster of 3 broker\(s\), asked for are 1"),
        ({"kafka": "99.0.0"}, r"holds data of Kafka 99\.0\.0, this is Kafka \d"),
        ({"kafka": "3.9.1"}, r"holds data of Kafka 3\.9\.1, this is Kafka \d"),
        ({"kafka": "new"}, "'new' is no version of Kafka"),
        ({"brokers": "many"}, r"cluster\.json is damaged"),
    ],
)
def test_a_cluster_that_does_not_fit_is_refused(bare: DataFolder, kept: dict[str, object], message: str) -> None:
    keep_cluster(bare, plan_cluster(bare, brokers=1, first_port=20_000))
    place = bare.path / "kafka" / "cluster.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | kept))
    with pytest.raises(EngineError, match=message) as refusal:
        plan_cluster(bare, brokers=1, first_port=None)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("brokers", "port", "message"), [(2, 9092, "1 or 3 brokers, not 2"), (3, 65_530, "3 brokers need 15 ports")]
)
def test_what_cannot_be_is_refused(bare: DataFolder, brokers: int, port: int, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        plan_cluster(bare, brokers=brokers, first_port=port)


def test_a_port_that_something_listens_on_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(EngineError, match=f"Kafka's port {port} is in use on "):
            check_free([port])
    check_free([port])
