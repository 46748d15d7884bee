from datetime import timedelta

import pytest

from common.bus.kafka.rules import TopicRules

RULES = TopicRules(keep=timedelta(days=14), replication=3, minimum_in_sync=2)


def test_a_topic_that_is_made_by_the_rules_has_no_faults() -> None:
    assert RULES.faults(RULES.configuration) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cleanup.policy", "compact"),
        ("cleanup.policy", "compact,delete"),
        ("retention.ms", str(13 * 24 * 3600 * 1000)),
        ("retention.bytes", "1000000"),
        ("min.insync.replicas", "1"),
        ("unclean.leader.election.enable", "true"),
    ],
)
def test_what_could_lose_events_is_named_with_what_to_set(name: str, value: str) -> None:
    [fault] = RULES.faults({**RULES.configuration, name: value})
    assert fault.startswith(f"{name}=")


@pytest.mark.parametrize("kept", ["-1", str(15 * 24 * 3600 * 1000)])
def test_a_topic_may_keep_more(kept: str) -> None:
    assert RULES.faults({**RULES.configuration, "retention.ms": kept}) == []
