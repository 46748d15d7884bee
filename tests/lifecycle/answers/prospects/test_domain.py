"""What is said to come next is what time brings."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from factories.guarded_histories import BASE_POLICY
from lifecycle.answers.prospects.domain import changes_ahead, of_rules, prospects
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import Compare, Days
from lifecycle.engine.domain import compiled
from lifecycle.members.domain import Member
from lifecycle.policy.domain import Value
from lifecycle.publishing.versions.domain import ALWAYS, Version, Versions, alone
from lifecycle.stepping.domain import Arrival, step, wake

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = msgspec.structs.replace(BASE_POLICY, segments=(Value("loyal", Compare(Days("orders", Span(9)), ">=", 2)),))
ENGINE = compiled(POLICY)
VERSIONS = alone(ENGINE)
EVENTS = ["order.confirmed", "chat.message_counted", "member.registered"]


def lived(arrive: Callable[..., Arrival], happened: list[tuple[str, int]]) -> Member:
    member, at = None, START
    for number, (name, hours) in enumerate(happened):
        at += hours * HOUR
        member = step(VERSIONS, member, arrive(name, at, number=number), gate=at, watermark=at).member
    assert member is not None
    return member


happenings = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 200)), min_size=1, max_size=8)


@given(happened=happenings)
def test_the_next_change_of_standing_is_the_one_that_time_brings(
    arrive: Callable[..., Arrival], happened: list[tuple[str, int]]
) -> None:
    member = lived(arrive, happened)
    told = [*changes_ahead(ENGINE, member)]
    brought = wake(VERSIONS, member, up_to=member.at + timedelta(days=200), gate=member.at).transitions
    first = [each for each in brought if each.at == brought[0].at] if brought else []
    if not first:
        assert [each.text.code for each in told] == ["next_never"]
        return
    assert {(each.values["dimension"], each.at) for each in told} == {(each.dimension, each.at) for each in first}


@given(happened=happenings)
def test_of_one_dimension_the_others_are_looked_past(
    arrive: Callable[..., Arrival], happened: list[tuple[str, int]]
) -> None:
    member = lived(arrive, happened)
    brought = wake(VERSIONS, member, up_to=member.at + timedelta(days=200), gate=member.at).transitions
    for dimension in ENGINE.asked:
        [told] = changes_ahead(ENGINE, member, only=dimension)
        moments = [each.at for each in brought if each.dimension == dimension]
        assert told.at == (moments[0] if moments else None)


def test_what_waits_is_told_soonest_first_and_for_one_rule_alone(arrive: Callable[..., Arrival]) -> None:
    member = lived(arrive, [("order.confirmed", 0)])
    assert [each.values.get("rule") for each in of_rules(member)] == ["thanks", "second_order"]
    [told] = of_rules(member, only="second_order")
    assert told.at == START + timedelta(days=5)


def test_a_version_to_come_is_told(arrive: Callable[..., Arrival]) -> None:
    after = START + timedelta(days=3)
    versions = Versions(
        published=(
            Version(engine=ENGINE, effective_at=ALWAYS),
            Version(engine=compiled(POLICY, version=2), effective_at=after),
        )
    )
    codes = {each.text.code: each.at for each in prospects(versions, lived(arrive, [("order.confirmed", 0)]))}
    assert codes["next_version"] == after
