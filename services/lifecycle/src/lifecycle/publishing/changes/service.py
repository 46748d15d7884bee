"""The record of changes: written by whoever has every lane, read by whoever has one."""

from datetime import datetime
from uuid import UUID

from common.bus.locks import lock_lanes
from common.connection import Record
from common.db import Database, UnitOfWork
from lifecycle.publishing.changes import repository
from lifecycle.publishing.changes.domain import Change, ChangeKind, InForce, in_force


async def begin(uow: UnitOfWork) -> None:
    """Let no batch be taken in, and nobody else change anything, until this unit of work ends."""
    await lock_lanes(uow, uow.service)
    await uow.execute("LOCK TABLE policy_change IN SHARE ROW EXCLUSIVE MODE")


async def record(
    uow: UnitOfWork,
    kind: ChangeKind,
    *,
    version: int | None = None,
    rule: str | None = None,
    effective_at: datetime | None = None,
    operator_id: UUID | None = None,
    note: str = "",
) -> int:
    """Its revision. After `begin`."""
    return await repository.insert(
        uow, kind=kind, version=version, rule=rule, effective_at=effective_at, operator_id=operator_id, note=note
    )


async def read(reader: Database | UnitOfWork, *, up_to: int | None = None) -> list[Change]:
    """In their order."""
    return [Change(**dict(row)) for row in await repository.up_to(reader, up_to)]


async def state(reader: Database | UnitOfWork) -> InForce:
    return in_force(await read(reader))


async def list_changes(db: Database, *, before: int = 0, limit: int) -> list[Record]:
    """Newest first."""
    return await repository.list_changes(db, before=before, limit=limit)
