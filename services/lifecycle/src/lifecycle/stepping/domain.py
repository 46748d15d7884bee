"""One member, one event at a time: the state before and an input give the state after and what is to be told.

A member first seen, by whatever event, enters the standing of no facts (acquire, active) with episode 1, as recorded
transitions whose previous value is None; the event is folded after that. Nothing here knows the batch that an event came
in: any batching gives the same.
"""

import sys
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec

from common.contracts.envelope import decode_event, encode_event
from common.contracts.event import Event
from common.contracts.lifecycle import Cause, EventForwarded, IdentityCounted, IdentityJoined, IdentityLeft
from common.contracts.members import MemberErased, MemberMerged, MemberUnmerged
from lifecycle.actions.domain import ask_again_at, asked_again, concluded, counted
from lifecycle.actions.withdrawals.domain import answered, withdraw_again_at, withdrawn_again
from lifecycle.engine.domain import Engine
from lifecycle.facts.domain import folded
from lifecycle.identities.forwarding.domain import knows, leaving, merged, parted, passed_on, taken
from lifecycle.identities.kinship.domain import counted_under, kept
from lifecycle.identities.tombstones.domain import tombstone
from lifecycle.members.domain import Member
from lifecycle.publishing.versions.domain import Version, Versions
from lifecycle.stepping.clocks.domain import logical_time
from lifecycle.stepping.handovers.domain import handed_over
from lifecycle.stepping.moments.domain import Stepped, joined, passed
from lifecycle.stepping.rules.domain import triggered_by_event
from lifecycle.stepping.timetables.domain import moved_back

NOW = sys.maxsize
"""A revision later than any."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event as it was read from the log."""

    event_id: UUID
    time: datetime
    """The event's own."""
    appended_at: datetime
    event: Event
    revision: int = NOW
    """What was in force when it was read."""
    depth: int = 0
    """Of causation: how many events, one the cause of the next, led to it."""


def step(
    versions: Versions, member: Member | None, arrival: Arrival, *, gate: datetime, watermark: datetime | None
) -> Stepped:
    """Catch up through every change up to the event, fold it, evaluate, tell the differences.

    If something is due between the watermark and the event, another producer's event, appended before that, may still be
    unread. Then the member is caught up to the watermark, and the event `waits`: nothing of it is in the member, and it is
    to be stepped again when the watermark has moved, those that wait in the order in which they were appended. That is
    rare: what fell due within the last second, or an outage.
    """
    if member is not None and member.is_erased:
        return Stepped(member=member)
    event, at = arrival.event, logical_time(None if member is None else member.at, arrival.appended_at)
    if member is None and isinstance(event, MemberErased):
        return Stepped(member=tombstone(UUID(event.subject), at=at, version=versions.at(at).number))
    before = (
        _seen(versions, event, at, gate, arrival.depth)
        if member is None
        else _caught_up(versions, member, at, gate, watermark if member.stands else at)
    )
    due = due_at(versions, before.member)
    if due is not None and due <= at:
        return msgspec.structs.replace(before, waits=True)
    return joined(before, _taken(versions, before.member, arrival, at=at, gate=gate))


def _taken(versions: Versions, member: Member, arrival: Arrival, *, at: datetime, gate: datetime) -> Stepped:
    engine, event = versions.engine(member.version), arrival.event
    match event:
        case MemberErased():
            gone = tombstone(member.member_id, at=at, version=member.version)
            return Stepped(member=gone, mail=leaving(member))
        case MemberMerged():
            told = _happened(versions, member, arrival, member.member_id, at=at, gate=gate)
            return joined(told, merged(engine, told.member, event, at=at, gate=gate))
        case MemberUnmerged():
            told = _happened(versions, member, arrival, member.member_id, at=at, gate=gate)
            return joined(told, parted(engine, told.member, event, at=at, gate=gate))
        case EventForwarded():
            if not knows(member, event):
                return Stepped(member=member)
            stepped = _happened(versions, member, _unwrapped(event), event.identity_id, at=at, gate=gate)
            return msgspec.structs.replace(stepped, mail=(passed_on(member, event),)) if member.root else stepped
        case IdentityJoined() | IdentityCounted() | IdentityLeft():
            return taken(engine, member, event, keep=partial(versions.kept, member.version), at=at, gate=gate)
    return _happened(versions, member, arrival, member.member_id, at=at, gate=gate)


def _happened(
    versions: Versions, member: Member, arrival: Arrival, identity_id: UUID, *, at: datetime, gate: datetime
) -> Stepped:
    """Something happened to the member, or under one of their identities."""
    engine, event, depth = versions.engine(member.version), arrival.event, arrival.depth
    count = partial(
        folded,
        event=event,
        folds=versions.folds(
            engine.version, event.NAME, read_at=arrival.revision, forwarded=identity_id != member.member_id
        ),
        event_id=arrival.event_id,
        time=arrival.time,
        appended_at=arrival.appended_at,
    )
    slots = answered(concluded(member.slots, event), event)
    changed = msgspec.structs.replace(
        counted_under(member, identity_id, count), slots=slots, sends=counted(member.sends, slots)
    )
    now = msgspec.structs.replace(changed, at=at)
    if member.root is not None:
        return Stepped(member=now, mail=(_wrapped(member, arrival),))
    occasions = (
        *triggered_by_event(engine, now, event, event_id=arrival.event_id, depth=depth),
        *moved_back(engine, now, before=member.facts, depth=depth),
    )
    return passed(engine, changed, at=at, cause="event", gate=gate, occasions=occasions, by=event.NAME, depth=depth)


def _wrapped(member: Member, arrival: Arrival) -> EventForwarded:
    event = arrival.event
    return passed_on(
        member,
        EventForwarded(
            member_id=member.member_id,
            identity_id=member.member_id,
            path=[],
            event_id=arrival.event_id,
            type=event.type_name(),
            data=encode_event(event).decode(),
            happened_at=arrival.time,
            appended_at=arrival.appended_at,
            revision=arrival.revision,
            depth=arrival.depth,
        ),
    )


def _unwrapped(event: EventForwarded) -> Arrival:
    return Arrival(
        event_id=event.event_id,
        time=event.happened_at,
        appended_at=event.appended_at,
        event=decode_event(event.type, event.data.encode()),
        revision=event.revision,
        depth=event.depth,
    )


def wake(versions: Versions, member: Member, *, up_to: datetime, gate: datetime) -> Stepped:
    """Let time alone move a member, no further than the watermark; and ask again for what met silence."""
    if member.is_erased:
        return Stepped(member=member)
    moved = _caught_up(versions, member, up_to, gate, up_to)
    if not moved.member.stands:
        return moved
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


def due_at(versions: Versions, member: Member) -> datetime | None:
    """When something happens to the member next without any event: what time brings, or the next version of the policy."""
    following = versions.following(member.version)
    if following is None:
        return member.due
    return following.effective_at if member.due is None else min(member.due, following.effective_at)


def wake_at(member: Member) -> datetime | None:
    """When the member's timer has to be armed for, at the latest. Who has only another version before them is swept."""
    if not member.stands:
        return None
    asks = [at for slot in member.slots for effect in slot.effects if (at := ask_again_at(effect))]
    asks += [at for slot in member.slots for deed in slot.deeds if (at := withdraw_again_at(deed))]
    return min((*asks, *([member.due] if member.due else [])), default=None)


def reconsidered(engine: Engine, member: Member, *, at: datetime, cause: Cause, gate: datetime) -> Stepped:
    """Evaluate anew because of something that is neither an event nor time: a publish, a merge, a correction.

    What time had changed by then is to be caught up first, by `wake`.
    """
    return passed(engine, member, at=logical_time(member.at, at), cause=cause, gate=gate)


def _seen(versions: Versions, event: Event, at: datetime, gate: datetime, depth: int) -> Stepped:
    engine = versions.at(at).engine
    newcomer = Member(member_id=UUID(event.subject), at=at, facts={}, standing={}, episodes={}, version=engine.version)
    return passed(engine, newcomer, at=at, cause="event", gate=gate, depth=depth)


def _caught_up(versions: Versions, member: Member, to: datetime, gate: datetime, watermark: datetime | None) -> Stepped:
    """Under the old version up to the moment of the next one, then on that."""
    so_far = Stepped(member=member)
    while watermark is not None and (due := due_at(versions, so_far.member)) is not None and due <= min(to, watermark):
        so_far = joined(so_far, _brought(versions, so_far.member, due, gate))
    return so_far


def _brought(versions: Versions, member: Member, due: datetime, gate: datetime) -> Stepped:
    if member.due == due:
        return passed(versions.engine(member.version), member, at=due, cause="time", gate=gate)
    following = versions.following(member.version)
    if following is None:
        raise AssertionError("nothing is due")
    return _turned(versions, member, following, gate)


def _turned(versions: Versions, member: Member, to: Version, gate: datetime) -> Stepped:
    """The member on the next version: the difference has the publish for its cause and triggers nothing."""
    at = logical_time(member.at, to.effective_at)
    lean = msgspec.structs.replace(kept(member, partial(versions.kept, to.number)), version=to.number)
    if not member.stands:
        return Stepped(member=msgspec.structs.replace(lean, at=at))
    before, cancelled = handed_over(to.engine, lean, at=at)
    stepped = reconsidered(to.engine, before, at=at, cause="policy", gate=gate)
    return msgspec.structs.replace(stepped, decisions=(*cancelled, *stepped.decisions))
