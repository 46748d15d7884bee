"""Who may stay where they are at a publish: a sweep would have changed nothing for them, and wakes nobody too late."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.policies import SMALL_POLICY
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import Compare, Count, Days
from lifecycle.engine.domain import compiled
from lifecycle.members.domain import Member, encode
from lifecycle.members.outlines.domain import outlined
from lifecycle.policy.domain import Policy, Value
from lifecycle.publishing.sweeps.domain import moving
from lifecycle.publishing.versions.domain import ALWAYS, Version, Versions
from lifecycle.stepping.domain import Arrival, step, wake

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MOMENT = START + 30 * DAY
NAMES = ("member.registered", "order.confirmed", "chat.message_counted", "checkin.recorded")
Arrive = Callable[..., Arrival]


def with_segments(*segments: Value) -> Policy:
    return msgspec.structs.replace(SMALL_POLICY, segments=segments)


POLICIES = {
    "the same": SMALL_POLICY,
    "a segment by all time": with_segments(Value("buyer", Compare(Count("orders"), ">=", 2))),
    "a segment by a window": with_segments(Value("keen", Compare(Days("orders", Span(10)), ">=", 1))),
    "health by shorter times": msgspec.structs.replace(SMALL_POLICY, health=SMALL_POLICY.health[1:]),
    "a metric less": msgspec.structs.replace(SMALL_POLICY, metrics=SMALL_POLICY.metrics[:-1]),
}


def moves(versions: Versions, member: Member, target: int) -> bool:
    return bool([*moving(versions, [outlined(encode(member))], target)])


@pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))
def test_whoever_may_stay_is_not_moved_by_going_on(policy: Policy, arrive: Arrive) -> None:
    versions = Versions(
        published=(
            Version(engine=compiled(SMALL_POLICY), effective_at=ALWAYS),
            Version(engine=compiled(policy, version=2), effective_at=MOMENT),
        )
    )
    stayed, moved = [0], [0]

    @settings(deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 29 * 24)), min_size=1, max_size=10))
    def law(said: list[tuple[str, int]]) -> None:
        member = None
        for number, (name, hour) in enumerate(sorted(said, key=lambda each: each[1])):
            at = START + hour * HOUR
            member = step(versions, member, arrive(name, at, number=number), gate=at, watermark=at).member
        assert member is not None
        if moves(versions, member, 2):
            moved[0] += 1
            return
        stayed[0] += 1
        swept = wake(versions, member, up_to=MOMENT, gate=MOMENT)
        assert swept.member.version == 2
        assert (swept.transitions, swept.decisions) == ((), ())
        assert swept.member.due is None or (member.due is not None and member.due <= swept.member.due)

    law()
    assert moved[0] > 0
    assert stayed[0] > 0 or policy in (POLICIES["a metric less"], POLICIES["health by shorter times"])


def test_whoever_has_arrived_may_stay(arrive: Arrive) -> None:
    engine = compiled(SMALL_POLICY)
    versions = Versions(published=(Version(engine=engine, effective_at=ALWAYS),))
    member = step(versions, None, arrive("member.registered", START), gate=START, watermark=START).member
    assert not moves(versions, member, 1)
