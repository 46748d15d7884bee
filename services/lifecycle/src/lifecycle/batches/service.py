"""Members are loaded, stepped and written with all that is told of them, in one transaction of their lanes' owner."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from common.bus import dead_letters
from common.bus.dead_letters import Reason, SetAside
from common.bus.lanes import lane_of
from common.bus.records import LogRow, Received
from common.db import UnitOfWork
from lifecycle.actions import service as actions
from lifecycle.batches.domain import Asking, Step, Subject
from lifecycle.batches.timers import service as timers
from lifecycle.identities import service as identities
from lifecycle.identities.forwarding import service as forwarding
from lifecycle.identities.tombstones import service as tombstones
from lifecycle.journal import service as journal
from lifecycle.members import service as members
from lifecycle.publishing.versions.domain import Versions
from lifecycle.receipts import service as receipts
from lifecycle.resources import Resources
from lifecycle.standing import service as standing
from lifecycle.standing.segments import service as segments
from lifecycle.standing.transitions import service as transitions
from lifecycle.stepping.clocks import service as clocks
from lifecycle.stepping.clocks.service import LaneTime
from lifecycle.stepping.waiting import service as waiting

log = structlog.get_logger(__name__)

Taken = Received[Any]


@dataclass(slots=True)
class Batch:
    versions: Versions
    times: dict[int, LaneTime]
    subjects: dict[UUID, Subject[Taken]]
    steps: list[tuple[UUID, Step[Taken]]] = field(default_factory=list)
    """In the order in which they were taken."""

    def add(self, member_id: UUID, steps: Iterable[Step[Taken]]) -> None:
        self.steps += [(member_id, step) for step in steps]

    @property
    def stepped(self) -> list[tuple[UUID, Subject[Taken]]]:
        """The members that are not as they were loaded, or wait for something new, in the order of their ids."""
        changed = (
            (key, subject)
            for key, subject in self.subjects.items()
            if subject.member != subject.loaded or subject.arrived
        )
        return sorted(changed, key=lambda each: each[0].int)


async def take(uow: UnitOfWork, events: Sequence[Taken]) -> None:
    """Step every event, in the order given."""
    await identities.admit(uow, [received.event for received in events])
    batch = await load(uow, {received.event.member_id for received in events})
    taken: dict[int, list[tuple[UUID, LogRow]]] = defaultdict(list)
    for received in events:
        member_id = received.event.member_id
        subject = batch.subjects[member_id]
        taken[subject.lane].append((member_id, received.row))
        steps = subject.take(
            producer=received.row.producer,
            arrival=waiting.received_as(received, revision=batch.versions.revision),
            source=received,
        )
        batch.add(member_id, steps)
    await write(uow, batch)
    await _arm(uow, batch)
    await journal.write_events(uow, taken, batch.times)


async def wake(uow: UnitOfWork, members_due: Collection[UUID]) -> None:
    """Let time pass for these members, up to their lanes' watermarks, and arm their timers anew."""
    resources: Resources = uow.resources
    batch = await load(uow, members_due)
    for member_id, subject in batch.subjects.items():
        batch.add(member_id, subject.wake())
    await write(uow, batch)
    due = [(member_id, subject.lane, subject.wake_at) for member_id, subject in batch.subjects.items()]
    await timers.rearm(uow, due, alarm=resources.alarm)
    woken: dict[int, list[UUID]] = defaultdict(list)
    for member_id, subject in batch.subjects.items():
        woken[subject.lane].append(member_id)
    await journal.write_time(uow, woken, batch.times)
    uow.on_commit.append(lambda: resources.metrics.woken.inc(len(due)))


async def enrol(uow: UnitOfWork, wanted: Collection[UUID], *, rule: str, enrolment_id: UUID) -> list[UUID]:
    """Bring a rule to these members, of one lane; to whom it was brought: not to who has events that wait."""
    batch = await load(uow, wanted)
    brought: list[UUID] = []
    for member_id, subject in batch.subjects.items():
        if subject.member is not None and not subject.queue:
            brought.append(member_id)
            batch.add(member_id, subject.enrol(rule, enrolment_id))
    await write(uow, batch)
    await _arm(uow, batch)
    lane = {batch.subjects[member_id].lane: brought for member_id in brought}
    await journal.write_enrolment(uow, lane, batch.times, rule=rule, enrolment_id=enrolment_id)
    return brought


async def load(uow: UnitOfWork, wanted: Collection[UUID]) -> Batch:
    resources: Resources = uow.resources
    known = await members.load(uow, wanted)
    lanes = {
        member_id: known[member_id].lane if member_id in known else lane_of(str(member_id)) for member_id in wanted
    }
    times = await clocks.turn(uow, set(lanes.values()))
    versions = await resources.versions.at(uow, max((time.revision for time in times.values()), default=0))
    queues = await waiting.queues(uow, [key for key, loaded in known.items() if loaded.waits])
    subjects: dict[UUID, Subject[Taken]] = {}
    for member_id in wanted:
        time, loaded, queue = times[lanes[member_id]], known.get(member_id), queues.get(member_id, [])
        subjects[member_id] = Subject(
            versions=versions,
            lane=lanes[member_id],
            gate=time.gate,
            watermark=time.watermark,
            loaded=loaded.member if loaded else None,
            armed_at=loaded.armed_at if loaded else None,
            member=loaded.member if loaded else None,
            queue=queue,
            kept=tuple([turn.number for turn in queue if turn.number is not None]),
        )
    return Batch(versions, times, subjects)


async def write(uow: UnitOfWork, batch: Batch) -> None:
    changed = [(key, subject, subject.member) for key, subject in batch.stepped if subject.member is not None]
    await members.save(uow, [(member, subject.lane, subject.wake_at) for _, subject, member in changed])
    moved = [(subject.lane, subject.loaded, member) for _, subject, member in changed]
    await standing.move(uow, moved)
    await segments.move(uow, moved)
    await transitions.record(
        uow, [(key, transition) for key, step in batch.steps for transition in step.stepped.transitions]
    )
    await receipts.record(
        uow,
        [(key, decision, batch.subjects[key].gate) for key, step in batch.steps for decision in step.stepped.decisions],
        calendars={version.number: version.engine.calendar for version in batch.versions.published},
    )
    await actions.record(
        uow,
        requested=[(asking.request, asking.at) for _, step in batch.steps for asking in step.requests],
        heard=[
            step.folded.arrival.event for _, step in batch.steps if step.folded and not step.stepped.member.is_erased
        ],
        asked_again=[request for _, step in batch.steps for request in step.stepped.asked_again],
        withdrawals=[
            (each, batch.subjects[key].gate) for key, step in batch.steps for each in step.stepped.withdrawals
        ],
        gate_of=lambda member_id: batch.subjects[member_id].gate,
    )
    await forwarding.send(
        uow,
        [
            (step.stepped.member.at, step.turn.source.envelope if step.turn else None, step.stepped.mail)
            for _, step in batch.steps
            if step.stepped.mail
        ],
    )
    await tombstones.bury(uow, {key: subject.gate for key, subject, member in changed if member.is_erased})
    await _keep_waiting(uow, batch)
    for key, step in batch.steps:
        _tell(uow, key, step)
    uow.on_commit.append(lambda: _count(uow, batch))


async def _keep_waiting(uow: UnitOfWork, batch: Batch) -> None:
    await waiting.keep(uow, [(key, turn) for key, subject in batch.subjects.items() for turn in subject.arrived])
    await waiting.release(uow, [number for subject in batch.subjects.values() for number in subject.released])
    failed = [failure for subject in batch.subjects.values() for failure in subject.failed]
    for turn, error in failed:
        log.error(
            "waiting event failed", event_id=str(turn.arrival.event_id), type=turn.source.row.type, error=str(error)
        )
    letters = [SetAside(turn.source.row, Reason.POISON, f"{type(error).__name__}: {error}") for turn, error in failed]
    await dead_letters.set_aside(uow, group=uow.service, letters=letters)


async def _arm(uow: UnitOfWork, batch: Batch) -> None:
    resources: Resources = uow.resources
    earlier: list[tuple[UUID, int, datetime]] = []
    heard: list[tuple[UUID, int, datetime | None]] = []
    for member_id, subject in batch.stepped:
        due_at, armed_at = subject.wake_at, subject.armed_at
        if due_at is not None and (armed_at is None or due_at < armed_at):
            earlier.append((member_id, subject.lane, due_at))
        elif (subject.heard or not (subject.member and subject.member.stands)) and due_at != armed_at:
            heard.append((member_id, subject.lane, due_at))
    await timers.arm(uow, earlier, alarm=resources.alarm)
    await timers.rearm(uow, heard, alarm=resources.alarm)


def _tell(uow: UnitOfWork, member_id: UUID, step: Step[Taken]) -> None:
    stepped = step.stepped
    for each in step.told:
        if isinstance(each, Asking):
            cause = each.turn.source.envelope if each.turn else None
            actions.tell(uow, each.request, ask=1, depth=each.depth, cause=cause)
        else:
            transitions.tell(uow, member_id, each, cause=step.turn.source.envelope if step.turn else None)
    asks = {each.request.action_id: (each.asks, slot.depth) for slot in stepped.member.slots for each in slot.effects}
    for request in stepped.asked_again:
        ask, depth = asks[request.action_id]
        actions.tell(uow, request, ask=ask, depth=depth, cause=None)
    for withdrawal in stepped.withdrawals:
        actions.tell_withdrawn(uow, withdrawal, cause=step.folded.source.envelope if step.folded else None)


def _count(uow: UnitOfWork, batch: Batch) -> None:
    resources: Resources = uow.resources
    found = [step.stepped for _, step in batch.steps]
    caused = [asking.turn for _, step in batch.steps for asking in step.requests if asking.turn]
    resources.metrics.steps.inc(sum(step.folded is not None for _, step in batch.steps))
    resources.metrics.count(
        transitions=[transition for stepped in found for transition in stepped.transitions],
        decisions=[decision for stepped in found for decision in stepped.decisions],
        event_to_action_seconds=[(uow.now - turn.arrival.appended_at).total_seconds() for turn in caused],
    )
