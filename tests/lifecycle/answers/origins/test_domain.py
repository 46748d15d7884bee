"""A member's whole way is told by the values of then, and by nothing of now."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from factories.guarded_histories import BASE_POLICY
from lifecycle.answers.origins.domain import by_now, origin, stands
from lifecycle.engine.domain import compiled
from lifecycle.publishing.versions.domain import alone
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.domain import Arrival, step

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
ENGINE = compiled(BASE_POLICY)
EVENTS = ["order.confirmed", "chat.message_counted", "checkin.recorded", "order.voided"]


@given(happened=st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 900)), min_size=1, max_size=8))
def test_of_each_transition_the_value_entered_held_and_those_asked_before_did_not(
    arrive: Callable[..., Arrival], happened: list[tuple[str, int]]
) -> None:
    member, at = None, START
    for number, (name, hours) in enumerate(happened):
        at += timedelta(hours=hours)
        stepped = step(alone(ENGINE), member, arrive(name, at, number=number), gate=at, watermark=at)
        member = stepped.member
        for transition in stepped.transitions:
            told = [each for each in origin(transition, ENGINE) if each.holds is not None]
            assert [each.holds for each in told] == [False] * (len(told) - 1) + [True]
            assert told[-1].values["value"] == transition.current
            assert {each.at for each in told} == {transition.at}
        for dimension, value in member.standing.items():
            assert stands(member, dimension).values["value"] == value
            *failed, held = by_now(ENGINE, member, dimension, at)
            assert (held.values["value"], held.holds) == (value, True)
            assert not any(each.holds for each in failed)


TRANSITION = Transition(
    dimension="stage", previous="acquire", current="convert", episode=1, at=START, cause="merge", version=3
)


def test_a_transition_without_the_values_of_then_says_so() -> None:
    assert [each.text.code for each in origin(None, None)] == ["grounds_not_kept"]
    codes = [each.text.code for each in origin(TRANSITION, ENGINE)]
    assert codes == ["came_from", "caused_by_merge", "by_version", "grounds_not_kept"]
    gone = msgspec.structs.replace(TRANSITION, dimension="no_more")
    assert [each.text.code for each in origin(gone, ENGINE)][-1] == "grounds_not_kept"
