from collections.abc import Collection
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import new_id
from engagement.errors import TeamExists, TeamNotFound
from engagement.teams import repository
from engagement.teams.domain import DEFAULT_TEAMS


async def create(uow: UnitOfWork, *, code: str, name: str) -> Record:
    """Raises TeamExists."""
    if not await repository.insert(uow, team_id=new_id(), code=code, name=name):
        raise TeamExists(f"code: there is a team {code!r} already")
    return await get(uow, code)


async def change(uow: UnitOfWork, code: str, *, name: str | None = None, state: str | None = None) -> Record:
    """Tasks that it has already stay its own. Raises TeamNotFound."""
    await repository.update(uow, code=code, name=name, state=state)
    return await get(uow, code)


async def get(reader: Database | UnitOfWork, code: str) -> Record:
    """Raises TeamNotFound."""
    row = await repository.find(reader, code)
    if row is None:
        raise TeamNotFound(f"there is no team {code!r}")
    return row


async def list_all(db: Database, *, after: UUID | None, limit: int) -> list[Record]:
    return await repository.list_all(db, after=after, limit=limit)


async def active(uow: UnitOfWork, codes: Collection[str]) -> set[str]:
    """Those of the codes that tasks can be given to."""
    return await repository.find_active(uow, codes)


async def seed(db: Database) -> None:
    """Make the teams that the default policy names, those that are missing."""
    async with db.transaction() as uow:
        for code, name in DEFAULT_TEAMS.items():
            await repository.insert(uow, team_id=new_id(), code=code, name=name)
