"""Whether the tables hold what their journal gives, member by member."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from common.connection import Record
from common.db import UnitOfWork
from lifecycle.members.domain import Member, decode
from lifecycle.publishing.versions.domain import ALWAYS, Versions
from lifecycle.replays.dockets.domain import ActionRow, comparable
from lifecycle.replays.domain import Population
from lifecycle.replays.projections import repository
from lifecycle.replays.projections.domain import (
    RECEIPT,
    TRANSITION,
    CountRow,
    Difference,
    MemberRows,
    Plain,
    Projection,
    Table,
    summed,
)

AT_ONCE = 1_000
"""Members that one look at the tables compares."""


async def freeze(uow: UnitOfWork) -> None:
    """Read everything as of now: the rest of the journal, and what the tables hold beside it."""
    await repository.freeze(uow)


async def first_difference(
    uow: UnitOfWork, population: Population, projection: Projection, versions: Versions, *, only: UUID | None = None
) -> Difference | None:
    """After `freeze`. `versions`: what is in force in the end; `only`: this member alone was replayed."""
    after, seen = None, 0
    while True:
        found = await repository.members(uow, population.lane, after=after, only=only, limit=AT_ONCE)
        held = await _held(uow, [row["member_id"] for row in found], projection)
        for row in found:
            if difference := _between(population, projection, versions, row, held[row["member_id"]]):
                return difference
        seen += len(found)
        if len(found) < AT_ONCE:
            break
        after = found[-1]["member_id"]
    if seen < len(population.states):
        return await _missing(uow, population)
    return None


async def _missing(uow: UnitOfWork, population: Population) -> Difference:
    """A member whom the journal knows and the table does not."""
    for member_id, state in population.states.items():
        if not await repository.members(uow, population.lane, after=None, only=member_id, limit=1):
            return Difference(lane=population.lane, member_id=member_id, table="member", replayed=state, held=None)
    raise AssertionError("nobody is missing")


def _between(
    population: Population, projection: Projection, versions: Versions, row: Record, held: "_Held"
) -> Difference | None:
    member_id = row["member_id"]
    rows = projection.rows.get(member_id, MemberRows())
    state = population.states.get(member_id)
    member = decode(state) if state else None
    pairs: Sequence[tuple[Table, Any, Any]] = (
        ("member", *_member(population, versions, row, member)),
        ("waiting_event", [turn.arrival.event_id for turn in population.waiting.get(member_id, ())], held.waiting),
        ("transition", rows.transitions, held.rows.transitions),
        ("transition", rows.grounds, held.rows.grounds),
        ("receipt", rows.receipts, held.rows.receipts),
        ("receipt", rows.details, held.rows.details),
        ("receipt_count", *_counts(rows, held.rows)),
        ("action", comparable(rows.actions, member), comparable(held.rows.actions, member)),
    )
    for table, replayed, there in pairs:
        if replayed != there:
            return Difference(lane=population.lane, member_id=member_id, table=table, replayed=replayed, held=there)
    return None


def _counts(replayed: MemberRows, held: MemberRows) -> tuple[Any, Any]:
    """What was sealed of the one is sealed of the other."""
    if not replayed.counted:
        return replayed.counts, held.counts
    sealed_there = 0
    for place, count in held.counts.items():
        if place not in replayed.counts:
            sealed_there = summed(sealed_there, place, count)
    open_there = {place: count for place, count in held.counts.items() if place in replayed.counts}
    return (replayed.counted, replayed.counts), (sealed_there, open_there)


def _member(population: Population, versions: Versions, row: Record, member: Member | None) -> tuple[Plain, Plain]:
    held = row["state"], row["stage"], row["health"], row["due_at"], row["version"]
    if member is None:
        return (None,), held
    subject = population.subject(row["member_id"], versions=versions, gate=ALWAYS, watermark=None)
    state = population.states[member.member_id]
    stands = (member.stage, member.health) if member.stands else (None, None)
    return (state, *stands, subject.wake_at, member.version), held


class _Held(msgspec.Struct):
    rows: MemberRows
    waiting: list[UUID]


async def _held(uow: UnitOfWork, members: list[UUID], projection: Projection) -> dict[UUID, _Held]:
    held = {member_id: _Held(MemberRows(), []) for member_id in members}
    for row in await repository.of(uow, "waiting_event", members):
        held[row["member_id"]].waiting.append(row["event_id"])
    for row in await repository.of(uow, "transition", members):
        rows = held[row["member_id"]].rows
        projection.add_transition(rows, (*(row[name] for name in TRANSITION), row["grounds"]))
    for row in await repository.of(uow, "receipt", members):
        rows = held[row["member_id"]].rows
        projection.add_receipt(rows, tuple(row[name] for name in RECEIPT))
    for row in await repository.of(uow, "receipt_count", members):
        place = row["rule"], row["reason"], row["day"]
        held[row["member_id"]].rows.counts[place] = CountRow(**{name: row[name] for name in CountRow.__struct_fields__})
    for row in await repository.of(uow, "action", members):
        action = ActionRow(**{name: row[name] for name in ActionRow.__struct_fields__})
        held[row["member_id"]].rows.actions[row["action_id"]] = action
    return held
