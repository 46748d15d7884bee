"""What goes from lane to lane: written in the transaction that found it, taken in by the receiver's lane in that order.

Time passes for nobody over what is still on its way to them: see `horizon`.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from common.bus.lanes import lane_of
from common.bus.position import Position
from common.bus.records import LogRow
from common.connection import Record
from common.contracts.envelope import Envelope, encode
from common.contracts.event import Event
from common.contracts.members import MemberMerged
from common.db import Database, UnitOfWork
from common.ids import new_id
from lifecycle.identities.forwarding import repository
from lifecycle.identities.forwarding.domain import lettered
from lifecycle.identities.forwarding.repository import Sent
from lifecycle.resources import Resources

Mail = tuple[datetime, Envelope | None, Sequence[Event]]
"""The sender's logical time; the event under which it was found."""


async def send(uow: UnitOfWork, mail: Sequence[Mail]) -> None:
    if not mail:
        return
    sent = list(_sent(uow, mail))
    await repository.insert(uow, sent)
    resources: Resources = uow.resources

    def hear() -> None:
        for each in sent:
            resources.alarm.hear(each.lane, each.at)

    uow.on_commit.append(hear)


async def oldest(reader: Database | UnitOfWork, lanes: Collection[int], *, limit: int) -> list[LogRow]:
    """What is on its way to these lanes, in the order in which it is to be taken."""
    return [_row(record) for record in await repository.oldest(reader, lanes, limit=limit)]


async def arrived(uow: UnitOfWork, rows: Sequence[LogRow]) -> None:
    """It is on its way no more."""
    await repository.delete(uow, [row.position.id for row in rows])


async def count(db: Database) -> int:
    """How much is on its way."""
    return await repository.count(db)


async def horizon(uow: UnitOfWork, moment: datetime) -> datetime:
    """To when time may pass, at most to that moment: what happened by then under any identity has been read and has arrived."""
    return await repository.horizon(uow, moment, merging=MemberMerged.type_name())


def _sent(uow: UnitOfWork, mail: Sequence[Mail]) -> Iterator[Sent]:
    for at, cause, events in mail:
        for event_id, event in lettered(events, cause=cause.id if cause else new_id()):
            envelope = encode(
                event,
                event_id=event_id,
                service=uow.service,
                type_name=event.type_name(),
                time=at,
                correlation_id=cause.correlationid if cause else None,
                causation_id=cause.id if cause else None,
                causation_depth=cause.causationdepth if cause else 0,
            )
            yield Sent(lane_of(event.subject), UUID(event.subject), at, event.type_name(), event_id, envelope)


def _row(record: Record) -> LogRow:
    return LogRow(
        producer="lifecycle",
        position=Position(0, record["number"]),
        appended_at=record["at"],
        key=str(record["member_id"]),
        type=record["type"],
        event_id=record["event_id"],
        envelope=record["envelope"],
    )
