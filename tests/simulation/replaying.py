"""A lane made again from its journal by the lifecycle's own replay, with nothing but what the entries say."""

from collections.abc import Iterator
from uuid import UUID

import msgspec

from common.contracts.event import Event
from lifecycle.journal.domain import Entry
from lifecycle.members.domain import Member, encode
from lifecycle.publishing.versions.domain import Versions
from lifecycle.replays.domain import Happened, Population, Taken, events_of, foreseen, replayed
from simulation.keeping import Kept
from simulation.telling import told_in

Plain = tuple[UUID, bytes]


Journal = list[tuple[Entry, Versions, list[Taken]]]


def journal_of(kept: Kept, lane: int) -> Journal:
    """Entries with what was in force, and with their events."""
    now = kept.versions(kept.revision)
    then = {revision: foreseen(kept.versions(revision), now) for revision in range(1, kept.revision + 1)}
    return [(entry, then[entry.revision], [*events_of(entry)]) for entry in kept.journal[lane]]


def again(journal: Journal, lane: int, *, only: UUID | None = None) -> tuple[Population, list[Happened]]:
    """The members as they come out, and what happened; perhaps with one member alone."""
    population, happened = Population(lane), list[Happened]()
    for entry, then, taken in journal:
        happened += replayed(population, then, entry, taken, only=only)
    return population, happened


def decided_again(happened: list[Happened]) -> Iterator[Plain]:
    for each in happened:
        for told in (*each.step.stepped.transitions, *each.step.stepped.decisions):
            yield plain(each.member_id, (each.gate, told))


def told_again(happened: list[Happened]) -> Iterator[Plain]:
    for each in happened:
        yield from (asked(told.event_id, told.event, told.depth) for told in told_in(each.step))


def decided(kept: Kept, lane: int) -> Iterator[Plain]:
    for each in kept.happened:
        if each.lane == lane:
            yield plain(each.member_id, (each.gate, each.told))


def told(kept: Kept, lane: int) -> Iterator[Plain]:
    for row in kept.log.lanes.get(lane, []):
        yield asked(row.envelope.id, row.event, row.envelope.causationdepth)


def asked(event_id: UUID, event: Event, depth: int) -> Plain:
    return plain(UUID(event.subject), (event_id, event, depth))


def plain(member_id: UUID, found: tuple[object, ...]) -> Plain:
    return member_id, msgspec.msgpack.encode(found)


def canonical(kept: Kept, member: Member) -> bytes:
    """With the facts that a version in force, now or to come, counts."""
    published = kept.versions(kept.revision).published
    places = {place for version in published for place in version.engine.numbers.values()}
    facts = {place: fact for place, fact in member.facts.items() if abs(place) in places}
    return encode(msgspec.structs.replace(member, facts=facts))
