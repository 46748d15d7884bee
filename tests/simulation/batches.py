"""A batch as the lifecycle carries it out: members are loaded, stepped by the engine, and written with all that is told."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from common.bus.lanes import lane_of
from common.contracts.lifecycle import ActionRequested
from lifecycle.batches.domain import Step, Subject
from lifecycle.journal.domain import Entry, Input, Kind, packed_enrolment, packed_events, packed_members
from lifecycle.members.domain import decode, encode
from lifecycle.publishing.versions.domain import Versions
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.domain import Arrival
from lifecycle.stepping.waiting.domain import Turn
from simulation.keeping import Brought, Enrolment, Folded, Happened, Kept, LaneClock
from simulation.logs import Row
from simulation.mutants import Mutants
from simulation.telling import told_in

Stepping = tuple[UUID, Step[Row]]


@dataclass
class Batch:
    kept: Kept
    now: datetime
    mutants: Mutants
    watermarks: dict[int, datetime] = field(default_factory=dict)
    """By lane, what is newly known to have been read."""
    subjects: dict[UUID, Subject[Row]] = field(default_factory=dict)
    steps: list[Stepping] = field(default_factory=list)
    taken: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    woken: dict[int, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    enrolled: dict[int, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    enrolment: Enrolment | None = None
    read: dict[tuple[int, str], int] = field(default_factory=dict)
    letters: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.revision = self.kept.revision
        """What is in force."""
        self.versions: Versions = self.kept.versions(self.revision)

    def clock(self, lane: int) -> LaneClock:
        return self.kept.clock(lane, self.now, self.watermarks.get(lane))

    def take(self, rows: Iterable[Row]) -> None:
        for row in rows:
            subject = self._subject(row.event.member_id)
            self.taken[subject.lane].append(row)
            arrival = arrival_of(row, revision=self.revision)
            steps = subject.take(producer=row.row.producer, arrival=self.mutants.arrived(arrival, self.now), source=row)
            self._add(row.event.member_id, steps)

    def wake(self, members: Sequence[UUID]) -> None:
        for member_id in members:
            subject = self._subject(member_id)
            self._add(member_id, subject.wake())
            self.woken[subject.lane].append(member_id)

    def enrol(self, members: Sequence[UUID], enrolment: Enrolment) -> None:
        """Not who has events that wait."""
        self.enrolment = enrolment
        for member_id in members:
            subject = self._subject(member_id)
            if subject.member is not None and not subject.queue:
                self._add(member_id, subject.enrol(enrolment.rule, enrolment.enrolment_id))
                self.enrolled[subject.lane].append(member_id)

    def _add(self, member_id: UUID, steps: Iterable[Step[Row]]) -> None:
        for step in steps:
            self.steps.append((member_id, step))
            subject = self.subjects[member_id]
            if subject.member is not None:
                subject.member = self.mutants.stepped(subject.member)

    def _subject(self, member_id: UUID) -> Subject[Row]:
        if member_id not in self.subjects:
            kept, lane = self.kept, lane_of(str(member_id))
            state, clock, queue = kept.members.get(member_id), self.clock(lane), kept.waiting.get(member_id, [])
            member = None if state is None else self.mutants.loaded(decode(state), kept)
            self.subjects[member_id] = Subject(
                versions=self.versions,
                lane=lane,
                gate=clock.gate,
                watermark=self.mutants.watermark(clock.watermark, self.now),
                loaded=member,
                armed_at=kept.timers.get(member_id),
                member=member,
                queue=list(queue),
                kept=tuple(turn.number for turn in queue if turn.number is not None),
            )
        return self.subjects[member_id]

    def commit(self) -> None:
        """All of it."""
        lanes = {*self.watermarks, *(subject.lane for subject in self.subjects.values())}
        self.kept.clocks |= {lane: self.clock(lane) for lane in lanes}
        self._save()
        self._arm()
        for member_id, step in self.steps:
            self._tell(member_id, step)
        self._keep_waiting()
        self.kept.read.update(self.read)
        self.kept.letters += self.letters
        for lane, rows in self.taken.items():
            self._journal(lane, "events", packed_events([*map(_input, rows)]))
        for lane, members in self.woken.items():
            self._journal(lane, "time", packed_members(members))
        if self.enrolment is not None:
            self._note_enrolled(self.enrolment)

    def _note_enrolled(self, enrolment: Enrolment) -> None:
        for lane, members in self.enrolled.items():
            inputs = packed_enrolment(enrolment.enrolment_id, enrolment.rule, members)
            self._journal(lane, "enrolment", inputs)
            for member_id in members:
                member, gate = self.subjects[member_id].member, self.subjects[member_id].gate
                if member is not None and self.clock(lane).watermark is not None:
                    self.kept.brought.append(Brought(enrolment.rule, member_id, member.version, gate))

    def _save(self) -> None:
        for member_id, subject in self.subjects.items():
            if subject.member is not None and (subject.member != subject.loaded or subject.arrived):
                self.kept.members[member_id] = encode(subject.member)

    def _arm(self) -> None:
        """Events arm earlier, or when an outcome was heard; whoever wakes a member arms anew."""
        timers, woken = self.kept.timers, {each for members in self.woken.values() for each in members}
        for member_id, subject in self.subjects.items():
            due, armed = subject.wake_at, subject.armed_at
            moves_earlier = due is not None and (armed is None or due < armed)
            if member_id in woken or moves_earlier or (subject.heard and due != armed):
                if due is None:
                    timers.pop(member_id, None)
                else:
                    timers[member_id] = due

    def _tell(self, member_id: UUID, step: Step[Row]) -> None:
        subject, kept, stepped = self.subjects[member_id], self.kept, step.stepped
        told: list[Transition | Decision] = [*stepped.transitions, *stepped.decisions]
        kept.happened += [Happened(member_id, subject.lane, subject.gate, each) for each in told]
        if step.folded is not None:
            arrival = arrival_of(step.folded.source, revision=step.folded.arrival.revision)
            kept.folded[member_id].append(Folded(arrival, stepped.member.version, subject.gate))
        for each in told_in(step):
            event = each.event
            if isinstance(event, ActionRequested):
                event = self.mutants.asked_again(event, each.ask)
            kept.log.append(event, now=self.now, event_id=each.event_id, depth=each.depth)

    def _keep_waiting(self) -> None:
        for member_id, subject in self.subjects.items():
            if subject.failed:
                raise AssertionError(f"an event failed: {subject.failed[0][1]!r}")
            self.kept.waiting[member_id] = [self._numbered(turn) for turn in subject.queue]

    def _numbered(self, turn: Turn[Row]) -> Turn[Row]:
        if turn.number is not None:
            return turn
        self.kept.waited += 1
        return Turn(turn.turn_at, turn.producer, turn.arrival, turn.source, self.kept.waited)

    def _journal(self, lane: int, kind: Kind, inputs: bytes) -> None:
        clock, entries = self.kept.clocks[lane], self.kept.journal[lane]
        entries.append(
            Entry(
                lane=lane,
                number=len(entries) + 1,
                kind=kind,
                gate_at=clock.gate,
                watermark=clock.watermark,
                revision=self.revision,
                inputs=inputs,
            )
        )


def arrival_of(row: Row, *, revision: int) -> Arrival:
    return Arrival(
        event_id=row.envelope.id,
        time=row.envelope.time,
        appended_at=row.appended_at,
        event=row.event,
        revision=revision,
        depth=row.envelope.causationdepth,
    )


def _input(row: Row) -> Input:
    position = row.row.position
    return Input(
        producer=row.row.producer,
        generation=position.generation,
        position=position.id,
        appended_at=row.appended_at,
        envelope=row.row.envelope,
    )
