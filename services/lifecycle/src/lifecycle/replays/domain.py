"""Replay 重演: a lane made again from its journal, entry by entry, by the steps that its batches took.

Members are kept as bytes, about 500 each, and are decoded for as long as an entry has to do with them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from operator import attrgetter
from uuid import UUID

import msgspec

from common.contracts.envelope import decode as decode_envelope
from common.contracts.event import Event
from lifecycle.batches.domain import Step, Subject
from lifecycle.journal.domain import Enrolled, Entry, unpacked_enrolment, unpacked_events, unpacked_members
from lifecycle.members.domain import decode, encode
from lifecycle.publishing.versions.domain import Versions
from lifecycle.stepping.domain import Arrival
from lifecycle.stepping.waiting.domain import Turn, arrival_of

_member_of: Callable[[Event], UUID] = attrgetter("member_id")

KEPT = 0
"""The number of whatever waited before: the journal gives it none, and needs none."""


class Taken(msgspec.Struct, frozen=True):
    """An event as an entry has it."""

    member_id: UUID
    producer: str
    arrival: Arrival


class Happened(msgspec.Struct, frozen=True):
    """What one step came to, at the gate time of its entry."""

    member_id: UUID
    gate: datetime
    step: Step[Taken]


Bring = Callable[[Subject[Taken]], Iterable[Step[Taken]]]


class Population:
    """The members of a lane as they are by now, and what waits for them."""

    def __init__(self, lane: int) -> None:
        self.lane = lane
        self.states: dict[UUID, bytes] = {}
        self.waiting: dict[UUID, list[Turn[Taken]]] = {}

    def subject(
        self, member_id: UUID, *, versions: Versions, gate: datetime, watermark: datetime | None
    ) -> Subject[Taken]:
        state = self.states.get(member_id)
        return Subject(
            versions=versions,
            lane=self.lane,
            gate=gate,
            watermark=watermark,
            member=decode(state) if state else None,
            queue=self.waiting.get(member_id, []),
        )

    def keep(self, member_id: UUID, subject: Subject[Taken]) -> None:
        if subject.member is not None:
            self.states[member_id] = encode(subject.member)
        if subject.queue:
            self.waiting[member_id] = [
                turn if turn.number == KEPT else Turn(turn.turn_at, turn.producer, turn.arrival, turn.source, KEPT)
                for turn in subject.queue
            ]
        else:
            self.waiting.pop(member_id, None)


def foreseen(then: Versions, now: Versions) -> Versions:
    """What was in force then, with what versions published since count: that was back-filled, so it is counted at once."""
    published = {version.number for version in then.published}
    later = tuple(version.engine for version in now.published if version.number not in published)
    places = {place for version in now.published for place in version.engine.numbers.values()}
    return replace(
        then,
        prepared=(
            *(engine for engine in then.prepared if engine.version not in {each.version for each in later}),
            *later,
        ),
        since={place: revision for place, revision in then.since.items() if place not in places},
        foreseen=now.since,
    )


def events_of(entry: Entry) -> Iterator[Taken]:
    """In the order in which they were taken in; none where time passed."""
    for each in unpacked_events(entry.inputs) if entry.kind == "events" else ():
        envelope, event = decode_envelope(each.envelope)
        arrival = arrival_of(envelope, event, appended_at=each.appended_at, revision=entry.revision)
        yield Taken(_member_of(event), each.producer, arrival)


def woken(entry: Entry) -> list[UUID]:
    """For whom time passed."""
    return unpacked_members(entry.inputs) if entry.kind == "time" else []


def enrolled(entry: Entry) -> tuple[Enrolled, list[UUID]] | None:
    """What an operator brought, and to whom; None when nothing was."""
    found = unpacked_enrolment(entry.inputs) if entry.kind == "enrolment" else None
    return None if found is None else (found, unpacked_members(found.members))


def replayed(
    population: Population, versions: Versions, entry: Entry, taken: Iterable[Taken], *, only: UUID | None = None
) -> Iterator[Happened]:
    """What an entry brought, under what was in force then. `taken`: its events; `only`: nobody else's."""
    subjects: dict[UUID, Subject[Taken]] = {}
    for member_id, bring in _brought(entry, taken):
        if only is None or only == member_id:
            if member_id not in subjects:
                subjects[member_id] = population.subject(
                    member_id, versions=versions, gate=entry.gate_at, watermark=entry.watermark
                )
            for step in bring(subjects[member_id]):
                yield Happened(member_id, entry.gate_at, step)
    for member_id, subject in subjects.items():
        population.keep(member_id, subject)


def _brought(entry: Entry, taken: Iterable[Taken]) -> Iterator[tuple[UUID, Bring]]:
    """To whom, and what it does to them."""
    for member_id in woken(entry):
        yield member_id, Subject.wake
    if enrolment := enrolled(entry):
        bring = partial(Subject.enrol, rule=enrolment[0].rule, enrolment_id=enrolment[0].enrolment_id)
        yield from ((member_id, bring) for member_id in enrolment[1])
    for each in taken:
        yield each.member_id, partial(Subject.take, producer=each.producer, arrival=each.arrival, source=each)
