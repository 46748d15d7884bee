"""A lane played again from its journal: the same batches, with nothing but what the entries say. Perhaps one member alone."""

from uuid import UUID

import msgspec

from common.bus.position import Position
from common.bus.records import LogRow, Received
from common.contracts.envelope import decode as decode_envelope
from lifecycle.enrolments.domain import Among
from lifecycle.facts.domain import united
from lifecycle.journal.domain import Input, unpacked_enrolment, unpacked_events, unpacked_members
from lifecycle.members.domain import Member, decode, encode
from simulation.batches import Batch
from simulation.keeping import Enrolment, Kept
from simulation.logs import Row
from simulation.mutants import Mutants


def replayed(kept: Kept, lane: int, mutants: Mutants, *, only: UUID | None = None) -> Kept:
    """What is kept of a lane is thrown away, and made again."""
    again = Kept(policies=kept.policies)
    for entry in kept.journal[lane]:
        _change(again, kept, lane, entry.revision)
        batch = Batch(again, entry.gate_at, mutants, watermarks={lane: entry.watermark} if entry.watermark else {})
        if entry.kind == "events":
            rows = [row_of(read) for read in unpacked_events(entry.inputs)]
            batch.take([row for row in rows if only in {None, row.event.member_id}])
        elif entry.kind == "enrolment":
            enrolled = unpacked_enrolment(entry.inputs)
            members = [each for each in unpacked_members(enrolled.members) if only in {None, each}]
            batch.enrol(members, Enrolment(enrolled.enrolment_id, enrolled.rule, Among()))
        else:
            batch.wake([each for each in unpacked_members(entry.inputs) if only in {None, each}])
        batch.commit()
    _change(again, kept, lane, kept.revision)
    return again


def _change(again: Kept, kept: Kept, lane: int, revision: int) -> None:
    """What operators did until then. What is to be back-filled is, at once."""
    for change in kept.changes[again.revision : revision]:
        again.record(change)
        versions = again.versions(again.revision)
        if change.kind == "prepared" and change.version is not None and change.revision in versions.since.values():
            _fill(again, change.version, lane)


def _fill(again: Kept, version: int, lane: int) -> None:
    if again.revision == 1:
        return
    for member_id, part in again.backfill(version, lane).items():
        if member_id in again.members:
            member = decode(again.members[member_id])
            whole = msgspec.structs.replace(member, facts=united(member.facts, part))
            again.members[member_id] = encode(whole)


def row_of(read: Input) -> Row:
    envelope, event = decode_envelope(read.envelope)
    position = Position(read.generation, read.position)
    row = LogRow(read.producer, position, read.appended_at, event.subject, envelope.type, envelope.id, read.envelope)
    return Received(event, envelope, row)


def canonical(kept: Kept, member: Member) -> bytes:
    """With the facts that a version in force, now or to come, counts."""
    published = kept.versions(kept.revision).published
    places = {place for version in published for place in version.engine.numbers.values()}
    facts = {place: fact for place, fact in member.facts.items() if abs(place) in places}
    return encode(msgspec.structs.replace(member, facts=facts))
