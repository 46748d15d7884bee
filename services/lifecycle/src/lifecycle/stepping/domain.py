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
from lifecycle.actions.domain import concluded
from lifecycle.clocks.domain import logical_time
from lifecycle.engine.domain import Engine
from lifecycle.facts.domain import folded
from lifecycle.members.domain import Member
from lifecycle.moments.domain import Stepped, joined, passed
from lifecycle.rules.domain import triggered_by_event


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it was read from the log."""

    event_id: UUID
    time: datetime
    """The event's own."""
    appended_at: datetime
    event: Event


def step(engine: Engine, member: Member | None, arrival: Arrival, *, gate: datetime) -> Stepped:
    """Catch up through every change up to the event, fold it, evaluate, tell the differences."""
    event, at = arrival.event, logical_time(None if member is None else member.at, arrival.appended_at)
    before = _seen(engine, event, at, gate) if member is None else _caught_up(engine, member, at, gate)
    facts = folded(
        before.member.facts,
        event,
        folds=engine.folds.get(event.NAME, ()),
        time=arrival.time,
        appended_at=arrival.appended_at,
        calendar=engine.calendar,
    )
    changed = msgspec.structs.replace(before.member, facts=facts, slots=concluded(before.member.slots, event))
    occasions = tuple(triggered_by_event(engine, event.NAME, arrival.event_id, at))
    return joined(before, passed(engine, changed, at=at, cause="event", gate=gate, occasions=occasions))


def wake(engine: Engine, member: Member, *, up_to: datetime, gate: datetime) -> Stepped:
    """Let time alone move a member, no further than the watermark. Nothing due means nothing changes."""
    return _caught_up(engine, member, up_to, gate)


def reconsidered(engine: Engine, member: Member, *, at: datetime, cause: Cause, gate: datetime) -> Stepped:
    """Evaluate anew because of something that is neither an event nor time: a publish, a merge, a correction."""
    return passed(engine, member, at=logical_time(member.at, at), cause=cause, gate=gate)


def overtakes(member: Member, *, appended_at: datetime, watermark: datetime | None) -> bool:
    """Whether an event would carry the member through something due that the watermark does not allow yet.

    Another producer's event, appended before that, may still be unread: this event has to wait, and the member's later
    ones with it. After `wake` up to the watermark that is rare: what was due within the last second, or an outage.
    """
    if member.due is None or member.due > logical_time(member.at, appended_at):
        return False
    return watermark is None or watermark < member.due


def _seen(engine: Engine, event: Event, at: datetime, gate: datetime) -> Stepped:
    newcomer = Member(member_id=UUID(event.subject), at=at, facts={}, standing={}, episodes={})
    return passed(engine, newcomer, at=at, cause="event", gate=gate)


def _caught_up(engine: Engine, member: Member, to: datetime, gate: datetime) -> Stepped:
    so_far = Stepped(member=member)
    while so_far.member.due is not None and so_far.member.due <= to:
        so_far = joined(so_far, passed(engine, so_far.member, at=so_far.member.due, cause="time", gate=gate))
    return so_far
