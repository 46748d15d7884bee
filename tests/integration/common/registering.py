"""An effect with its event, as an endpoint carries it out under an Idempotency-Key."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from pydantic import BaseModel

from common.contracts.members import MemberRegistered
from common.db import Database, UnitOfWork
from common.errors import Conflict
from common.http.idempotency import RequestKey
from common.ids import new_id

Work = Callable[[UnitOfWork], Awaitable[BaseModel]]


class Registered(BaseModel):
    number: int


class Taken(Conflict):
    pass


class Register:
    """An effect with its event; how often it was tried and when it may go on are the test's to say."""

    def __init__(self) -> None:
        self.tried = 0
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def __call__(self, uow: UnitOfWork) -> Registered:
        self.tried += 1
        number = self.tried
        _tell(uow)
        await self.may_go_on.wait()
        return Registered(number=number)


def _tell(uow: UnitOfWork) -> None:
    uow.append(MemberRegistered(member_id=new_id(), channel="test", registered_at=datetime.now(UTC)))


async def refuse(uow: UnitOfWork) -> BaseModel:
    _tell(uow)
    raise Taken("not now")


def asked(key: str = "k1", *, body: str = "{}", actor: str = "ann") -> RequestKey:
    return RequestKey(actor, key, hashlib.sha256(body.encode()).digest())


async def effects(db: Database) -> int:
    return int(await db.fetchval("SELECT count(*) FROM outbox WHERE type = $1", MemberRegistered.type_name()))
