from itertools import combinations

import pytest

from common.engines.kafka.cluster import Cluster, Listener
from common.engines.kafka.properties import broker_properties


def properties(brokers: int = 1, *, listeners: list[Listener] | None = None, **settings: str) -> dict[str, str]:
    cluster = Cluster(kafka="4.3.0", cluster_id="id", brokers=brokers, first_port=20_000)
    named = {name.replace("_", "."): value for name, value in settings.items()}
    text = broker_properties(cluster, 1, listeners=listeners or [], settings=named)
    return {name: value for name, _, value in (line.partition("=") for line in text.splitlines())}


def test_settings_win_over_ours() -> None:
    ours = properties()
    assert ours["broker.session.timeout.ms"] == "3000"
    theirs = properties(broker_session_timeout_ms="9000", log_retention_check_interval_ms="100")
    assert theirs == ours | {"broker.session.timeout.ms": "9000", "log.retention.check.interval.ms": "100"}


def test_topics_come_by_intent_only() -> None:
    assert properties()["auto.create.topics.enable"] == "false"


@pytest.mark.parametrize(("brokers", "copies", "in_sync"), [(1, "1", "1"), (3, "3", "2")])
def test_no_more_copies_than_brokers_and_one_broker_may_be_missing(brokers: int, copies: str, in_sync: str) -> None:
    found = properties(brokers)
    factors = {value for name, value in found.items() if name.endswith("replication.factor")}
    least = {value for name, value in found.items() if name.endswith((".min.isr", "min.insync.replicas"))}
    assert (factors, least) == ({copies}, {in_sync})


def test_every_listener_is_on_loopback_and_only_those_asked_for() -> None:
    further = [one for one in Listener if one is not Listener.PLAIN]
    for count in range(len(further) + 1):
        for asked in combinations(further, count):
            doors = [door.partition("://") for door in properties(listeners=list(asked))["listeners"].split(",")]
            assert {name for name, _, _ in doors} == {"PLAIN", "CONTROLLER", *asked}
            assert {address.partition(":")[0] for _, _, address in doors} == {"127.0.0.1"}
            assert len({address for _, _, address in doors}) == len(doors)
