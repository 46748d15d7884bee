"""Members whose lives are stepped through by a policy, and random rules to live by. Nobody waits for a watermark here."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import msgspec
from hypothesis import strategies as st

from common.contracts.lifecycle import Action, GrantPoints, IssueCoupon, SendMessage
from factories.lifecycle_conditions import asking, policies
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import Always, And, Hour
from lifecycle.engine.domain import compiled
from lifecycle.members.domain import Member
from lifecycle.policy.caps.domain import Cap, Keep
from lifecycle.policy.domain import Policy
from lifecycle.policy.guards.domain import Guards, SendClass
from lifecycle.policy.quiet.domain import Quiet
from lifecycle.policy.rulebook.domain import Cooldown, Enters, Held, Leaves, On, Per, Reentry, Rule, Trigger
from lifecycle.publishing.versions.domain import alone
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.domain import Arrival, step, wake
from lifecycle.stepping.moments.domain import Stepped

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
VALUES = ("first", "a", "b", "c", "d", "last", "e", "f", "g")
EVENTS = ("order.confirmed", "chat.message_counted", "checkin.recorded", "member.registered", "coupon.claimed")


class Life(msgspec.Struct, frozen=True):
    transitions: tuple[Transition, ...]
    acted: tuple[tuple[datetime, Decision], ...]
    """With the moment of the release."""


def lived(policy: Policy, arrivals: Sequence[Arrival], *, until: datetime) -> Life:
    """One member's life: time is let pass to every moment at which something is due, then to every event."""
    engine, member = compiled(policy), None
    steps: list[tuple[datetime, Stepped]] = []

    def pass_to(moment: datetime, member: Member) -> Member:
        while member.due is not None and member.due <= moment:
            due = member.due
            steps.append((due, wake(alone(engine), member, up_to=due, gate=due)))
            member = steps[-1][1].member
        return member

    for arrival in arrivals:
        at = arrival.appended_at
        member = None if member is None else pass_to(at, member)
        steps.append((at, step(alone(engine), member, arrival, gate=at, watermark=at)))
        member = steps[-1][1].member
    if member is not None:
        pass_to(until, member)
    return Life(
        tuple(transition for _, stepped in steps for transition in stepped.transitions),
        tuple((gate, each) for gate, stepped in steps for each in stepped.decisions if each.requests),
    )


_HOURS = st.integers(1, 60).map(lambda hours: timedelta(hours=hours))
_WAITS = st.builds(Span, st.integers(1, 12)) | _HOURS
_VALUE = st.sampled_from(VALUES)
_TRIGGERS: st.SearchStrategy[Trigger] = st.one_of(
    st.builds(Enters, _VALUE, st.none() | _WAITS, st.just(()) | st.lists(_VALUE, min_size=1, max_size=2).map(tuple)),
    st.builds(Leaves, _VALUE, st.none() | _WAITS),
    st.builds(Held, _VALUE, _WAITS),
    st.builds(On, st.sampled_from(EVENTS)),
)
_SOME: list[Action] = [
    IssueCoupon(template="a"),
    GrantPoints(points=3, reason="b"),
    SendMessage(template="c", channel="sms"),
]
_ACTIONS = st.lists(st.sampled_from(_SOME), min_size=1, max_size=2).map(tuple)
_AGAIN: list[Reentry] = ["once", "each", "each"]


@st.composite
def rules(draw: st.DrawFn, rule_id: str) -> Rule:
    trigger = draw(_TRIGGERS)
    asked = asking(stages=VALUES[:3], health=VALUES[3:6], segments=VALUES[6:])
    condition = draw(
        st.just(Always()) | asked | st.builds(lambda one, hour: And((one, hour)), asked, st.just(Hour(3, 20)))
    )
    per: list[Reentry] = [Per(("channel",))] if isinstance(trigger, On) and trigger.event == "order.confirmed" else []
    return Rule(
        id=rule_id,
        trigger=trigger,
        condition=condition,
        actions=draw(_ACTIONS),
        reentry=draw(st.one_of(st.sampled_from([*_AGAIN, *per]), st.builds(Cooldown, st.integers(1, 40)))),
        still=draw(st.booleans()),
        valid_for=draw(_HOURS),
        sent_as=draw(st.sampled_from(["service", "promo"])),
        priority=draw(st.sampled_from([30, 80])),
        capped=draw(st.sampled_from(["wait", "drop"])),
    )


@st.composite
def ruled(draw: st.DrawFn) -> Policy:
    """A random policy with random rules and guards."""
    caps = st.builds(
        Cap,
        sent_as=st.just("promo"),
        most=st.integers(1, 4),
        per=st.sampled_from(["day", "week", "month"]),
        channel=st.sampled_from([None, "sms"]),
        keep=st.none() | st.builds(Keep, st.just(70), st.integers(1, 2)),
    )
    guards = Guards(
        classes=(SendClass(name="promo", refuse_if=draw(st.none() | asking(segments=VALUES[6:]))),),
        caps=tuple(draw(st.lists(caps, max_size=2))),
        quiet=draw(st.none() | st.just(Quiet(begins=time(21), ends=time(8), spread=timedelta(hours=1)))),
    )
    some = tuple(draw(rules(name)) for name in ("r", "s", "t"))
    return msgspec.structs.replace(draw(policies()), rules=some, guards=guards)


moments = st.lists(st.tuples(st.integers(0, 60 * 24 * 60), st.sampled_from(EVENTS)), min_size=1, max_size=25).map(
    sorted
)
"""Minutes after the start, and what happens then."""
