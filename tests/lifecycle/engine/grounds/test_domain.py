"""What a transition keeps is enough to see why: its values decide the conditions that were asked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from factories.policies import DEFAULT_POLICY
from lifecycle.engine.domain import compiled
from lifecycle.engine.explanations.domain import outcome
from lifecycle.publishing.versions.domain import alone
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.domain import Arrival, step, wake

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
ENGINE = compiled(DEFAULT_POLICY)
VERSIONS = alone(ENGINE)
NAMES = ("member.registered", "order.confirmed", "order.voided", "chat.message_counted", "complaint.opened")
Arrive = Callable[..., Arrival]


@settings(deadline=None)
@given(said=st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 90 * 24)), min_size=1, max_size=12))
def test_the_values_give_the_outcome_again(said: list[tuple[str, int]], arrive: Arrive) -> None:
    member, found = None, list[Transition]()
    for number, (name, hour) in enumerate(sorted(said, key=lambda each: each[1])):
        at = START + timedelta(hours=hour)
        stepped = step(VERSIONS, member, arrive(name, at, number=number), gate=at, watermark=at)
        member, found = stepped.member, [*found, *stepped.transitions]
    assert member is not None
    end = START + timedelta(days=200)
    found += wake(VERSIONS, member, up_to=end, gate=end).transitions
    for transition in found:
        for value in ENGINE.asked[transition.dimension]:
            holds = outcome(value.condition, transition.values)
            assert holds is (value.name == transition.current)
            if holds:
                break
