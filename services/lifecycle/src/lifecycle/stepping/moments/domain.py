"""What one moment brings a member: where they stand then, what follows from that and from what was due, what is due next.

Changes of standing come first, then what they take back, then what was due or was triggered, by priority.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested, Cause
from lifecycle.actions.domain import Slot, opened, taken
from lifecycle.actions.withdrawals.domain import Withdrawal
from lifecycle.engine.domain import Engine
from lifecycle.engine.grounds.domain import grounds
from lifecycle.engine.outlooks.domain import NEVER
from lifecycle.members.domain import Episode, Member, Pending, drawn
from lifecycle.policy.caps.domain import Send, remembered
from lifecycle.standing.domain import Standing, standing_on
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision, decide
from lifecycle.stepping.rules.domain import Occasion, Orphan, matured, triggered_by_change
from lifecycle.stepping.timetables.domain import next_dated_at, reached
from lifecycle.stepping.undoing.domain import taken_back


class Stepped(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The member after, and what is to be told, in its order."""

    member: Member
    transitions: tuple[Transition, ...] = ()
    decisions: tuple[Decision, ...] = ()
    asked_again: tuple[ActionRequested, ...] = ()
    """Requests repeated under their own ids, because nothing was heard of them."""
    withdrawals: tuple[Withdrawal, ...] = ()
    waits: bool = False
    """The event is not in the member yet: see `stepping.step`."""
    mail: tuple[Event, ...] = ()
    """For who the member is now, in another lane; see `forwarding`."""


def joined(first: Stepped, second: Stepped) -> Stepped:
    return Stepped(
        member=second.member,
        transitions=first.transitions + second.transitions,
        decisions=first.decisions + second.decisions,
        asked_again=first.asked_again + second.asked_again,
        withdrawals=first.withdrawals + second.withdrawals,
        mail=first.mail + second.mail,
    )


def passed(
    engine: Engine,
    member: Member,
    *,
    at: datetime,
    cause: Cause,
    gate: datetime,
    occasions: Sequence[Occasion] = (),
    by: str | None = None,
    depth: int = 0,
) -> Stepped:
    """The member once that moment has passed; `occasions` are what the event of the moment triggered, `by` its name and
    `depth` its depth of causation. A gate behind the moment stands at it: else what waits until then would wait for ever.
    """
    since, gate = member.at, max(at, gate)
    now, until = standing_on(engine, member.facts, engine.calendar.day_of(at))
    member, transitions = stood(engine, msgspec.structs.replace(member, at=at), now, cause=cause, depth=depth)
    dated = [*reached(engine, member, since=since)] if cause == "time" and engine.on_dates else []
    if not (transitions or occasions or dated or member.pending):
        return Stepped(member=msgspec.structs.replace(member, due=_due(engine, member, until)))
    member, undone, withdrawals = taken_back(engine, member, transitions, by=by, gate=gate)
    member, due, dropped = _triggered(engine, member, transitions)
    decisions = [*undone, *dropped]
    for occasion in sorted([*occasions, *dated, *due], key=_precedence):
        decision = decide(engine, member, occasion, gate=gate)
        decisions.append(decision)
        member = _decided(engine, member, occasion, decision, gate)
    return Stepped(
        member=msgspec.structs.replace(member, due=_due(engine, member, until)),
        transitions=transitions,
        decisions=tuple(decisions),
        withdrawals=tuple(withdrawals),
    )


def _decided(engine: Engine, member: Member, occasion: Occasion, decision: Decision, gate: datetime) -> Member:
    """The member with what the decision leaves: what is asked for and counted, what waits, who is held out."""
    rule, key = occasion.rule, occasion.key
    if decision.until is not None:
        waiting = Pending(
            rule.id,
            occasion.value,
            occasion.episode,
            decision.until,
            key,
            occasion.at,
            occasion.event,
            occasion.depth,
        )
        return msgspec.structs.replace(member, pending=(*member.pending, waiting))
    member = drawn(member, decision.units, at=decision.at)
    if decision.reason == "held_out":
        slot = Slot(rule.id, key, decision.at, decision.attempt, "held_out")
        return msgspec.structs.replace(member, slots=taken(member.slots, slot, keeps=rule.keeps_keys))
    if not decision.requests:
        return member
    slot = opened(
        decision.requests, at=decision.at, gate=gate, depth=occasion.depth + 1, undoable=rule.undo is not None
    )
    slots = taken(member.slots, slot, keeps=rule.keeps_keys)
    sends = member.sends
    if any(cap.sent_as == rule.sent_as for cap in engine.policy.guards.caps):
        send = Send(gate, rule.sent_as, rule.channels, rule.id, key, decision.attempt)
        sends = (*remembered(sends, at=gate, calendar=engine.calendar), send)
    return msgspec.structs.replace(member, slots=slots, sends=sends)


def rearmed(engine: Engine, member: Member) -> Member:
    """The member with its due time found anew."""
    _, until = standing_on(engine, member.facts, engine.calendar.day_of(member.at))
    return msgspec.structs.replace(member, due=_due(engine, member, until))


def stood(
    engine: Engine, member: Member, now: Standing, *, cause: Cause, depth: int
) -> tuple[Member, tuple[Transition, ...]]:
    """The member where they stand now, and how that differs."""
    if now == member.standing:
        return member, ()
    changed = [name for name in {**now, **member.standing} if now.get(name) != member.standing.get(name)]
    transitions = tuple(_transition(engine, member, now, dimension, cause, depth) for dimension in changed)
    entered = {
        each.current: Episode(each.episode, each.at, each.cause, each.depth) for each in transitions if each.current
    }
    return msgspec.structs.replace(member, standing=now, episodes=member.episodes | entered), transitions


def _transition(engine: Engine, member: Member, now: Standing, dimension: str, cause: Cause, depth: int) -> Transition:
    """Whoever leaves without entering another value ends the episode that they were in. What time ends is as deep as what
    began it, so that a rule cannot feed itself through what wears off.
    """
    previous, current = member.standing.get(dimension), now.get(dimension)
    ended = member.episodes.get(previous or "")
    latest = member.episodes.get(current or previous or "")
    return Transition(
        dimension=dimension,
        previous=previous,
        current=current,
        episode=(latest.number if latest else 0) + (current is not None),
        at=member.at,
        cause=cause,
        depth=ended.depth if cause == "time" and ended else depth,
        version=engine.version,
        values=grounds(engine, dimension, facts=member.facts, standing=now, at=member.at),
    )


def _triggered(
    engine: Engine, member: Member, transitions: Iterable[Transition]
) -> tuple[Member, list[Occasion], list[Decision]]:
    """What entered values trigger, and what waited long enough, in vain, or for a rule that is gone."""
    entries = [triggered for each in transitions for triggered in triggered_by_change(engine, member, each)]
    waiting = (*member.pending, *(each for each in entries if isinstance(each, Pending)))
    found = [*matured(engine, msgspec.structs.replace(member, pending=waiting))]
    kept = tuple(each for each in found if isinstance(each, Pending))
    occasions = [each for each in (*entries, *found) if isinstance(each, Occasion)]
    decisions = [
        Decision(
            rule=each.pending.rule, key=each.pending.key, at=member.at, reason="rule_withdrawn", version=engine.version
        )
        for each in found
        if isinstance(each, Orphan)
    ]
    return msgspec.structs.replace(member, pending=kept), occasions, decisions


def _precedence(occasion: Occasion) -> tuple[int, str, str]:
    return -occasion.rule.priority, occasion.rule.id, occasion.key


def _due(engine: Engine, member: Member, until: int) -> datetime | None:
    moments = [pending.due for pending in member.pending]
    if dated := next_dated_at(engine, member):
        moments.append(dated)
    if until < NEVER:
        moments.append(engine.calendar.start_of(until))
    return min(moments, default=None)
