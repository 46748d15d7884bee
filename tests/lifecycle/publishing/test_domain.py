"""A number stands for a definition, for ever."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from factories.policies import SMALL_POLICY
from lifecycle.policy.domain import Policy
from lifecycle.policy.sources.domain import AttributeSource, Metric
from lifecycle.publishing.domain import renumbered

TOLD = AttributeSource(name="source_channel", number=1, event="member.registered", field="channel")
POLICY = msgspec.structs.replace(SMALL_POLICY, attributes=(TOLD,))
METRICS = {metric.name: metric for metric in POLICY.metrics}


def numbers(policy: Policy) -> dict[str, int]:
    return {
        **{metric.name: metric.number for metric in policy.metrics},
        **{source.name: source.number for source in policy.attributes},
    }


def next_to(policy: Policy, *live: Policy) -> Policy:
    return renumbered(policy, live=live, metrics_given=40, attributes_given=7)


@given(st.permutations(POLICY.metrics))
def test_what_is_counted_already_keeps_its_number_in_whatever_order(metrics: list[Metric]) -> None:
    others = [msgspec.structs.replace(each, number=number) for number, each in enumerate(metrics, 30)]
    assert numbers(next_to(msgspec.structs.replace(POLICY, metrics=tuple(others)), POLICY)) == numbers(POLICY)


def test_what_is_declared_otherwise_is_another() -> None:
    changed = msgspec.structs.replace(METRICS["chat"], sums=None)
    policy = msgspec.structs.replace(
        POLICY, metrics=tuple(changed if each.name == "chat" else each for each in POLICY.metrics)
    )
    assert numbers(next_to(policy, POLICY)) == {**numbers(POLICY), "chat": 41}


def test_on_other_days_every_metric_is_another_and_no_attribute() -> None:
    found = numbers(next_to(msgspec.structs.replace(POLICY, tz="America/New_York"), POLICY))
    assert found["source_channel"] == 1
    assert sorted(number for name, number in found.items() if name != "source_channel") == list(
        range(41, 41 + len(METRICS))
    )


def test_what_nobody_counts_now_gets_a_number_that_nothing_ever_had() -> None:
    assert set(numbers(next_to(POLICY)).values()) == {*range(41, 41 + len(METRICS)), 8}
