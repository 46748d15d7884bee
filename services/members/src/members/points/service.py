"""Posting to the ledger: balances are locked in one order, then every posting is settled, then all is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common.contracts.envelope import Envelope
from common.contracts.members import PointsEarned
from common.db import UnitOfWork
from common.ids import new_id
from members.errors import PointsInsufficient
from members.points import repository
from members.points.domain import Account, Line, Posting, settle


@dataclass(frozen=True, slots=True)
class Earning:
    """Points that the lifecycle gives; `cause` is what asked for them."""

    posting: Posting
    action_id: UUID
    cause: Envelope


async def earn(uow: UnitOfWork, earnings: Sequence[Earning]) -> list[UUID]:
    """The entries' ids, in the order asked. The members exist, and each posting is new."""
    posted = await _post(uow, [earning.posting for earning in earnings])
    entries: list[UUID] = []
    for earning, (entry_id, line) in zip(earnings, posted, strict=True):
        if line is None:
            raise PointsInsufficient("points that are earned are not negative")
        posting = earning.posting
        event = PointsEarned(
            entry_id=entry_id,
            member_id=posting.member_id,
            points=posting.points,
            balance=line.balance,
            reason=posting.reason,
            action_id=earning.action_id,
        )
        uow.append(event, cause=earning.cause)
        entries.append(entry_id)
    return entries


async def _post(uow: UnitOfWork, postings: Sequence[Posting]) -> list[tuple[UUID, Line | None]]:
    """Write what can be posted. A posting that was made before is a unique violation, not a second entry."""
    if not postings:
        return []
    locked = await repository.lock_balances(uow, {posting.member_id for posting in postings})
    balances = {row["member_id"]: Account(row["balance"], row["entries"]) for row in locked}
    posted = [(new_id(), line) for line in settle(balances, postings)]
    written = [(entry_id, posting, line) for posting, (entry_id, line) in zip(postings, posted, strict=True) if line]
    await repository.insert(
        uow,
        (
            (
                *(entry_id, posting.member_id, line.number, posting.kind, posting.points, line.balance),
                *(posting.reason, posting.business_id, posting.reverses, uow.now),
            )
            for entry_id, posting, line in written
        ),
    )
    await repository.move_balances(
        uow, {posting.member_id: (line.balance, line.number) for _, posting, line in written}
    )
    return posted
