"""One member, one event at a time: the state before and an input give the state after and what is to be told.

A member first seen, by whatever event, enters the standing of no facts (acquire, active) with episode 1, as recorded
transitions whose previous value is None; the event is folded after that. Nothing here knows the batch that an event came
in: any batching gives the same.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.event import Event
from common.contracts.lifecycle import Cause
from lifecycle.actions.domain import ask_again_at, asked_again, concluded, counted
from lifecycle.clocks.domain import logical_time
from lifecycle.engine.domain import Engine
from lifecycle.facts.domain import folded
from lifecycle.members.domain import Member
from lifecycle.moments.domain import Stepped, joined, passed
from lifecycle.rules.domain import triggered_by_event
from lifecycle.timetables.domain import moved_back
from lifecycle.withdrawals.domain import answered, withdraw_again_at, withdrawn_again


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it was read from the log."""

    event_id: UUID
    time: datetime
    """The event's own."""
    appended_at: datetime
    event: Event
    depth: int = 0
    """Of causation: how many events, one the cause of the next, led to it."""


def step(
    engine: Engine, member: Member | None, arrival: Arrival, *, gate: datetime, watermark: datetime | None
) -> Stepped:
    """Catch up through every change up to the event, fold it, evaluate, tell the differences.

    If something is due between the watermark and the event, another producer's event, appended before that, may still be
    unread. Then the member is caught up to the watermark, and the event `waits`: nothing of it is in the member, and it is
    to be stepped again when the watermark has moved, those that wait in the order in which they were appended. That is
    rare: what fell due within the last second, or an outage.
    """
    event, at = arrival.event, logical_time(None if member is None else member.at, arrival.appended_at)
    before = (
        _seen(engine, event, at, gate, arrival.depth)
        if member is None
        else _caught_up(engine, member, at, gate, watermark)
    )
    if before.member.due is not None and before.member.due <= at:
        return msgspec.structs.replace(before, waits=True)
    facts = folded(
        before.member.facts,
        event,
        folds=engine.folds.get(event.NAME, ()),
        event_id=arrival.event_id,
        time=arrival.time,
        appended_at=arrival.appended_at,
        calendar=engine.calendar,
    )
    slots = answered(concluded(before.member.slots, event), event)
    changed = msgspec.structs.replace(
        before.member, facts=facts, slots=slots, sends=counted(before.member.sends, slots)
    )
    now = msgspec.structs.replace(changed, at=at)
    occasions = (
        *triggered_by_event(engine, now, event, event_id=arrival.event_id, depth=arrival.depth),
        *moved_back(engine, now, before=before.member.facts, depth=arrival.depth),
    )
    depth = arrival.depth
    return joined(
        before,
        passed(engine, changed, at=at, cause="event", gate=gate, occasions=occasions, by=event.NAME, depth=depth),
    )


def wake(engine: Engine, member: Member, *, up_to: datetime, gate: datetime) -> Stepped:
    """Let time alone move a member, no further than the watermark; and ask again for what met silence."""
    moved = _caught_up(engine, member, up_to, gate, up_to)
    slots, repeated = asked_again(moved.member.slots, now=up_to, gate=gate)
    slots, withdrawals = withdrawn_again(slots, member_id=member.member_id, now=up_to, gate=gate)
    if not (repeated or withdrawals):
        return moved
    asking = Stepped(
        member=msgspec.structs.replace(moved.member, slots=slots),
        asked_again=tuple(repeated),
        withdrawals=tuple(withdrawals),
    )
    return joined(moved, asking)


def wake_at(member: Member) -> datetime | None:
    """When the member's timer has to be armed for, at the latest."""
    asks = [at for slot in member.slots for effect in slot.effects if (at := ask_again_at(effect))]
    asks += [at for slot in member.slots for deed in slot.deeds if (at := withdraw_again_at(deed))]
    return min((*asks, *([member.due] if member.due else [])), default=None)


def reconsidered(engine: Engine, member: Member, *, at: datetime, cause: Cause, gate: datetime) -> Stepped:
    """Evaluate anew because of something that is neither an event nor time: a publish, a merge, a correction.

    What time had changed by then is to be caught up first, by `wake`; at a publish, under the old policy.
    """
    return passed(engine, member, at=logical_time(member.at, at), cause=cause, gate=gate)


def _seen(engine: Engine, event: Event, at: datetime, gate: datetime, depth: int) -> Stepped:
    newcomer = Member(member_id=UUID(event.subject), at=at, facts={}, standing={}, episodes={})
    return passed(engine, newcomer, at=at, cause="event", gate=gate, depth=depth)


def _caught_up(engine: Engine, member: Member, to: datetime, gate: datetime, watermark: datetime | None) -> Stepped:
    so_far = Stepped(member=member)
    while watermark is not None and (due := so_far.member.due) is not None and due <= min(to, watermark):
        so_far = joined(so_far, passed(engine, so_far.member, at=due, cause="time", gate=gate))
    return so_far
