"""Posting to the ledger: balances are locked in one order, then every posting is settled, then all is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from common.connection import Record
from common.contracts.envelope import Envelope
from common.contracts.members import PointsDeducted, PointsEarned, PointsReversed
from common.db import Database, UnitOfWork
from common.ids import new_id
from members.accounts import service as accounts
from members.errors import EntryExists, EntryNotFound, EntryNotReversible, PointsInsufficient
from members.metrics import MemberMetrics
from members.points import repository
from members.points.domain import Account, Line, Posting, inverse_of, settle


@dataclass(frozen=True, slots=True)
class Earning:
    """Points that the lifecycle gives; `cause` is what asked for them."""

    posting: Posting
    action_id: UUID
    cause: Envelope


async def earn(uow: UnitOfWork, earnings: Sequence[Earning]) -> list[UUID]:
    """The entries' ids, in the order asked. The members exist, and each posting is new."""
    posted = await _post(uow, [earning.posting for earning in earnings])
    for earning, (entry_id, line) in zip(earnings, posted, strict=True):
        event = PointsEarned(
            entry_id=entry_id,
            member_id=earning.posting.member_id,
            points=earning.posting.points,
            balance=line.balance,
            reason=earning.posting.reason,
            action_id=earning.action_id,
        )
        uow.append(event, cause=earning.cause)
    return [entry_id for entry_id, _ in posted]


async def adjust(uow: UnitOfWork, *, member_id: UUID, points: int, reason: str, business_id: str) -> Record:
    """The new entry. Raises EntryExists or PointsInsufficient."""
    await accounts.get_member(uow, member_id)
    posting = Posting(member_id=member_id, kind="adjust", points=points, reason=reason, business_id=business_id)
    await repository.lock_balances(uow, [member_id])
    if await repository.find_by_key(uow, posting.key) is not None:
        raise EntryExists(f"business_id: {reason!r} was posted for it already")
    [(entry_id, line)] = await _post(uow, [posting])
    kind = PointsEarned if points > 0 else PointsDeducted
    uow.append(kind(entry_id=entry_id, member_id=member_id, points=abs(points), balance=line.balance, reason=reason))
    return await _entry(uow, member_id=member_id, entry_id=entry_id)


async def reverse(uow: UnitOfWork, *, member_id: UUID, entry_id: UUID) -> Record:
    """The inverse of an entry that gave points; once. Raises EntryNotReversible or PointsInsufficient."""
    await accounts.get_member(uow, member_id)
    await repository.lock_balances(uow, [member_id])
    entry = await _entry(uow, member_id=member_id, entry_id=entry_id)
    if entry["points"] <= 0:
        raise EntryNotReversible("only an entry that gave points can be taken back")
    if await repository.find_inverse(uow, entry_id) is not None:
        raise EntryNotReversible("the entry was taken back already")
    posting = inverse_of(dict(entry))
    [(inverse_id, line)] = await _post(uow, [posting])
    uow.append(_reversed(inverse_id, posting, line))
    return await _entry(uow, member_id=member_id, entry_id=inverse_id)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An entry of the lifecycle's that is to be reversed; `cause` is what asked for it."""

    entry_id: UUID
    member_id: UUID
    cause: Envelope


async def take_back(uow: UnitOfWork, wanted: Sequence[TakenBack]) -> set[UUID]:
    """Reverse the entries whose points the balance still covers. Those that are reversed now, also by somebody before."""
    if not wanted:
        return set()
    locked = await repository.lock_balances(uow, {one.member_id for one in wanted})
    entries = await repository.find_with_inverse(uow, [one.entry_id for one in wanted])
    reversible = [one for one in wanted if entries[one.entry_id]["inverse"] is None]
    postings = [inverse_of(dict(entries[one.entry_id])) for one in reversible]
    lines = settle(_accounts(locked), postings)
    covered = [(one, posting, line) for one, posting, line in zip(reversible, postings, lines, strict=True) if line]
    inverses = await _write(uow, [(posting, line) for _, posting, line in covered])
    for (one, posting, line), inverse_id in zip(covered, inverses, strict=True):
        uow.append(_reversed(inverse_id, posting, line), cause=one.cause)
    return {one.entry_id for one, _, _ in covered} | {
        one.entry_id for one in wanted if entries[one.entry_id]["inverse"] is not None
    }


async def get_balance(db: Database, member_id: UUID) -> int:
    return await repository.find_balance(db, member_id)


async def list_entries(db: Database, *, member_id: UUID, before: int, limit: int) -> list[Record]:
    """Newest first. `before`: the number of an entry, 0 for the newest."""
    return await repository.list_entries(db, member_id=member_id, before=before, limit=limit)


async def _entry(uow: UnitOfWork, *, member_id: UUID, entry_id: UUID) -> Record:
    row = await repository.find_entry(uow, member_id=member_id, entry_id=entry_id)
    if row is None:
        raise EntryNotFound(f"this member's ledger has no entry {entry_id}")
    return row


def _reversed(inverse_id: UUID, posting: Posting, line: Line) -> PointsReversed:
    if posting.reverses is None:
        raise RuntimeError(f"entry {inverse_id} reverses nothing")
    return PointsReversed(
        entry_id=inverse_id,
        reversed_entry_id=posting.reverses,
        member_id=posting.member_id,
        points=-posting.points,
        balance=line.balance,
        reason=posting.reason,
    )


async def _post(uow: UnitOfWork, postings: Sequence[Posting]) -> list[tuple[UUID, Line]]:
    """Write all postings, or raise PointsInsufficient. One that was made before is a unique violation, not a second entry."""
    if not postings:
        return []
    locked = await repository.lock_balances(uow, {posting.member_id for posting in postings})
    lines = [line for line in settle(_accounts(locked), postings) if line is not None]
    if len(lines) < len(postings):
        raise PointsInsufficient("the balance would fall below zero")
    return list(zip(await _write(uow, list(zip(postings, lines, strict=True))), lines, strict=True))


def _accounts(locked: Sequence[Record]) -> dict[UUID, Account]:
    return {row["member_id"]: Account(row["balance"], row["entries"]) for row in locked}


async def _write(uow: UnitOfWork, settled: Sequence[tuple[Posting, Line]]) -> list[UUID]:
    """The entries' ids. The balances are locked, and hold what the lines say when all is written."""
    ids = [new_id() for _ in settled]
    await repository.insert(uow, (_row(uow, entry_id, *one) for entry_id, one in zip(ids, settled, strict=True)))
    await repository.move_balances(uow, {posting.member_id: (line.balance, line.number) for posting, line in settled})
    metrics: MemberMetrics = uow.resources.metrics
    for posting, _ in settled:
        uow.on_commit.append(partial(metrics.points.labels(posting.kind).inc, abs(posting.points)))
    return ids


def _row(uow: UnitOfWork, entry_id: UUID, posting: Posting, line: Line) -> tuple[object, ...]:
    return (
        *(entry_id, posting.member_id, line.number, posting.kind, posting.points, line.balance),
        *(posting.reason, posting.business_id, posting.reverses, uow.now),
    )
