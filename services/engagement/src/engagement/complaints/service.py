from collections.abc import Collection, Container
from uuid import UUID

from common.connection import Record
from common.contracts.engagement import ComplaintClosed, ComplaintOpened
from common.db import Database, UnitOfWork
from common.ids import new_id
from engagement.audience import service as audiences
from engagement.complaints import repository
from engagement.complaints.domain import MOST_OPEN, Ending
from engagement.errors import ComplaintNotFound, ComplaintOver, TooManyComplaints, TopicUnknown
from engagement.metrics import EngagementMetrics


async def open_one(
    uow: UnitOfWork, *, member_id: UUID, topic: str, order_id: UUID | None, text: str, topics: Container[str]
) -> Record:
    """Raises TopicUnknown, MemberGone or TooManyComplaints."""
    if topic not in topics:
        raise TopicUnknown(f"topic: there is no {topic!r} here")
    await audiences.hold(uow, member_id)
    if await repository.count_open(uow, member_id) >= MOST_OPEN:
        raise TooManyComplaints(f"{MOST_OPEN} complaints are open; wait until one is settled, or take one back")
    row = await repository.insert(
        uow, complaint_id=new_id(), member_id=member_id, topic=topic, order_id=order_id, text=text
    )
    if row is None:
        raise RuntimeError("a complaint was written and is not there")
    told = {name: row[name] for name in ("member_id", "topic", "opened_at", "order_id")}
    uow.append(ComplaintOpened(complaint_id=row["id"], **told))
    _count(uow, topic, "opened")
    return row


async def close(uow: UnitOfWork, complaint_id: UUID, *, outcome: Ending, member_id: UUID | None = None) -> Record:
    """The complaint, closed so; also if it was before. `member_id`: only theirs. Raises ComplaintNotFound or ComplaintOver."""
    closed = await repository.close(uow, complaint_id, outcome=outcome, member_id=member_id)
    if closed is not None:
        told = {name: closed[name] for name in ("member_id", "topic", "opened_at", "closed_at")}
        uow.append(ComplaintClosed(complaint_id=complaint_id, outcome=outcome, **told))
        _count(uow, closed["topic"], outcome)
        return closed
    row = await get(uow, complaint_id, member_id=member_id)
    if row["state"] != outcome:
        raise ComplaintOver(f"the complaint is {row['state']}")
    return row


async def get(reader: Database | UnitOfWork, complaint_id: UUID, *, member_id: UUID | None = None) -> Record:
    """`member_id`: only theirs. Raises ComplaintNotFound."""
    row = await repository.find(reader, complaint_id, member_id=member_id)
    if row is None:
        raise ComplaintNotFound(f"there is no complaint {complaint_id}")
    return row


async def list_some(
    db: Database, *, member_id: UUID | None, topic: str | None, state: str | None, before: UUID | None, limit: int
) -> list[Record]:
    """Newest first. `member_id`: only theirs."""
    return await repository.list_some(db, member_id=member_id, topic=topic, state=state, before=before, limit=limit)


async def forget(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    """Empty what members wrote."""
    await repository.empty_texts(uow, member_ids)


def _count(uow: UnitOfWork, topic: str, change: str) -> None:
    metrics: EngagementMetrics = uow.resources.metrics
    uow.on_commit.append(metrics.complaints.labels(topic, change).inc)
