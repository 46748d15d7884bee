"""The one way to the database: a pool, a unit of work, and the only place that commits."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from common import context
from common.bus import outbox
from common.bus.position import START, Position
from common.clock import Clock
from common.connection import Connection, Pool, Record, connect, create_pool, row_count
from common.contracts.envelope import Envelope, caused_id, encode
from common.contracts.event import Event
from common.errors import Unavailable
from common.ids import new_id

ACQUIRE_SECONDS = 10.0
"""How long a unit of work waits for a free connection; then it is told that the database is not available."""
_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy types no dialect constructor


class UnitOfWork:
    """One transaction: state, events, timers and idempotency key together, or nothing.

    Events are written as the last statement before the commit, so after every row they tell of is locked.
    """

    def __init__(self, connection: Connection, *, service: str, now: datetime, resources: Any = None) -> None:
        self.connection = connection
        self.service = service
        self.now = now
        self.resources = resources
        self.on_commit: list[Callable[[], None]] = []
        """Called, in order, once it is committed: what counts in memory what is true from then on."""
        self._events: list[outbox.Appended] = []
        self._caused: Counter[tuple[UUID, str]] = Counter()

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        return list(await self.connection.fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        return await self.connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await self.connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement; the number of rows it touched."""
        status = await self.connection.execute(sql, *args)
        return row_count(status)

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        await self.connection.executemany(sql, rows)

    def append(
        self, event: Event, *, cause: Envelope | None = None, event_id: UUID | None = None, depth: int | None = None
    ) -> UUID:
        """Tell an event when this unit of work commits; returns its id.

        With a `cause` the id follows from it, so that handling the cause again tells the same event; unless `event_id`
        gives one that follows from something else. Its depth of causation is one more than the cause's, unless `depth`
        says that what caused it lies further back.
        """
        type_name = event.type_name()
        if event_id is None:
            event_id = self._next_id(cause, type_name)
        envelope = encode(
            event,
            event_id=event_id,
            service=self.service,
            type_name=type_name,
            time=self.now,
            correlation_id=cause.correlationid if cause else context.correlation_id.get(),
            causation_id=cause.id if cause else None,
            causation_depth=_next_depth(cause) if depth is None else depth,
        )
        self._events.append(outbox.Appended(event.subject, type_name, event_id, envelope))
        return event_id

    def _next_id(self, cause: Envelope | None, type_name: str) -> UUID:
        if cause is None:
            return new_id()
        n = self._caused[cause.id, type_name]
        self._caused[cause.id, type_name] += 1
        return caused_id(cause.id, type_name, n)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What happens inside is undone, events too, when it raises; deferred constraints are checked before it ends."""
        kept, caused, called = len(self._events), self._caused.copy(), len(self.on_commit)
        try:
            async with self.connection.transaction():
                yield
                await self.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                await self.connection.execute("SET CONSTRAINTS ALL DEFERRED")
        except BaseException:
            del self._events[kept:], self.on_commit[called:]
            self._caused = caused
            raise

    @property
    def events(self) -> Sequence[outbox.Appended]:
        """What will be told at commit."""
        return self._events


def _next_depth(cause: Envelope | None) -> int:
    return 0 if cause is None else cause.causationdepth + 1


class Database:
    """A service's own schema. `on_append` is called after each commit with how many events it told: it wakes readers in
    this process.
    """

    def __init__(
        self,
        *,
        url: str,
        service: str,
        clock: Clock,
        maximum_connections: int = 10,
        on_append: Callable[[int], None] = lambda _: None,
        log_span: outbox.Span = outbox.Span.DAY,
    ) -> None:
        self.service = service
        self.clock = clock
        self.head = START
        """The greatest position that this process has committed; others may have gone further."""
        self.resources: Any = None
        """What the service built for itself at its start; its handlers find it on their unit of work."""
        self._url = url
        self._maximum = maximum_connections
        self._on_append = on_append
        self._log_span = log_span
        self._pool: Pool | None = None

    @property
    def pool(self) -> Pool:
        if self._pool is None:
            raise RuntimeError("the database is not open")
        return self._pool

    async def open(self) -> None:
        self._pool = await create_pool(self._url, schema=self.service, application=self.service, maximum=self._maximum)

    async def close(self) -> None:
        """Wait two seconds for the connections in use, then cut them."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        try:
            async with asyncio.timeout(2):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    async def connect(self) -> Connection:
        """A connection beside the pool, for work that must not wait for it. The caller closes it."""
        return await connect(self._url, schema=self.service, application=self.service)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        """Begin a unit of work; commit it when the block ends, roll it back when the block raises."""
        async with self.clock.hold():
            async with asyncio.timeout(ACQUIRE_SECONDS):  # the pool's own would be a task for each
                connection = await self.pool.acquire()
            try:
                uow = UnitOfWork(connection, service=self.service, now=self.clock.now(), resources=self.resources)
                last = None
                async with connection.transaction():
                    yield uow
                    if uow.events:
                        last = await self._append(connection, uow.events)
                if last is not None:
                    self.head = max(self.head, last)
                    self._on_append(len(uow.events))
                for call in uow.on_commit:
                    call()
            finally:
                await self.pool.release(connection)

    async def _append(self, connection: Connection, events: Sequence[outbox.Appended]) -> Position:
        at = self.clock.log_time()
        last = await outbox.append(connection, events, service=self.service, at=at, span=self._log_span)
        if last is None:
            await self.prepare_log()
            await outbox.notice(connection)
            last = await outbox.append(connection, events, service=self.service, at=at, span=self._log_span)
        if last is None:
            raise Unavailable("the event log is not ready to append; try again", retry_after_seconds=1)
        return last

    async def prepare_log(self) -> None:
        """Create the log's partitions and begin the present incarnation's generation, where they are missing."""
        async with self.clock.hold():
            connection = await self.connect()
            try:
                await outbox.prepare(connection, service=self.service, at=self.clock.log_time(), span=self._log_span)
            finally:
                await connection.close()
        self._on_append(0)

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        """Read outside of a unit of work."""
        return list(await self.pool.fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        return await self.pool.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await self.pool.fetchval(sql, *args)


def compile_query(statement: ClauseElement) -> tuple[str, list[object]]:
    """A SQLAlchemy Core statement as SQL and positional arguments for asyncpg."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    if not isinstance(compiled, SQLCompiler):
        raise TypeError(f"not a query: {statement!r}")
    return str(compiled), [compiled.params[name] for name in compiled.positiontup or []]
