"""A virtual clock that several processes share: one row in PostgreSQL, moved by whoever drives it (development only).

While a process has a unit of work open it holds an advisory lock together with everybody else's; who moves the clock takes that
lock alone. So time stands still inside every unit of work, whichever process it runs in, and a process that dies lets go.
Each move is told by NOTIFY, which wakes those who wait for time: the clock is no event log, and moves seldom.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from common.connection import Connection, connect
from common.provisioning import create_role

SCHEMA = "virtual_clock"
CLOSE_SECONDS = 1.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Functions, because each of their statements sees what was committed while the one before it waited for the lock.
_TABLES = """
CREATE SCHEMA IF NOT EXISTS virtual_clock;
CREATE TABLE IF NOT EXISTS virtual_clock.clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    moment timestamptz NOT NULL
);
CREATE OR REPLACE FUNCTION virtual_clock.hold() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_lock_shared(hashtext('virtual_clock'), 0);
    RETURN (SELECT moment FROM virtual_clock.clock);
END $$;
CREATE OR REPLACE FUNCTION virtual_clock.advance(towards timestamptz) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('virtual_clock'), 0);
    UPDATE virtual_clock.clock SET moment = towards WHERE moment <= towards;
    IF FOUND THEN
        PERFORM pg_notify('virtual_clock', (extract(epoch FROM towards) * 1000000)::bigint::text);
    END IF;
    RETURN FOUND;
END $$;
"""


class ClockLost(Exception):
    """The connection that keeps time still is gone: this process no longer knows what time it is, and ends."""


async def provision_clock(connection: Connection, *, role: str, password: str, start: datetime) -> None:
    """Make the clock, if there is none yet, in the database of a superuser's connection; one that is there stands no earlier
    than `start` afterwards. The role may read and drive it.
    """
    await create_role(connection, role)
    literal = await connection.fetchval("SELECT quote_literal($1::text)", password)
    await connection.execute(f"ALTER ROLE {role} LOGIN PASSWORD {literal}")
    await connection.execute(_TABLES)
    await connection.execute(
        f"INSERT INTO {SCHEMA}.clock AS held (moment) VALUES ($1)"  # noqa: S608 - the name is a constant
        " ON CONFLICT (one) DO UPDATE SET moment = greatest(held.moment, excluded.moment)",
        start,
    )
    await connection.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}")
    await connection.execute(f"GRANT SELECT, UPDATE ON {SCHEMA}.clock TO {role}")


class SharedClock:
    """One process's view of it. Inside a unit of work `now` is exact; outside it is the last moment that was heard of."""

    def __init__(self, url: str, *, application: str, on_lost: Callable[[], object] = lambda: None) -> None:
        """`on_lost` is called when time is no longer known."""
        self._url = url
        self._application = application
        self._connection: Connection | None = None
        self._driving: Connection | None = None
        self._now = datetime.min.replace(tzinfo=UTC)
        self._holders = 0
        self._locked = False
        self._turn = asyncio.Lock()
        self._releases: set[asyncio.Task[None]] = set()
        self._wakes: list[Callable[[], None]] = []
        self._on_lost = on_lost
        self._closed = False
        self.lost = False

    async def open(self) -> None:
        """Raises ClockLost where there is none."""
        self._connection = connection = await self._connect()
        await connection.add_listener(SCHEMA, self._heard)
        try:
            self._now = await connection.fetchval(f"SELECT moment FROM {SCHEMA}.clock")  # noqa: S608 - as above
        except asyncpg.PostgresError as error:
            await self.close()
            raise ClockLost(f"CLOCK names a database without a virtual clock: {error}") from error

    async def close(self) -> None:
        """Lets go of time, if it still holds it."""
        self._closed = True
        if self._releases:
            await asyncio.wait(self._releases, timeout=CLOSE_SECONDS)
        for connection in (self._connection, self._driving):
            if connection is not None:
                connection.remove_termination_listener(self._lose)
                connection.terminate()
        self._connection = self._driving = None

    def now(self) -> datetime:
        return self._now

    def log_time(self) -> datetime:
        """Raises ClockLost: what is appended from then on might be of a moment that is over for others."""
        self._require()
        return self._now

    def on_move(self, wake: Callable[[], None]) -> None:
        """Call this whenever the clock has moved."""
        self._wakes.append(wake)

    async def on_nudge(self, name: str, wake: Callable[[], None]) -> None:
        """Call this whenever who drives the clock says that there is something to do for what has this name."""
        async with self._turn:  # the connection does one thing at a time
            await self._require().add_listener(_nudges(name), lambda *_: wake())

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """The first of this process takes the lock, the last one lets go."""
        self._holders += 1
        try:
            if not self._locked:
                # To its end, also when we are cancelled: a lock that may or may not have been taken could not be let go.
                await asyncio.shield(self._agree())
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                release = asyncio.create_task(self._agree())
                self._releases.add(release)
                release.add_done_callback(self._released)

    async def advance_to(self, moment: datetime) -> None:
        """Wait until no unit of work is open in any process, then move. Raises ValueError for a moment in the past."""
        if not await (await self._driver()).fetchval(f"SELECT {SCHEMA}.advance($1)", moment):
            raise ValueError(f"a clock does not go back: {moment} has passed")
        self._now = max(self._now, moment.astimezone(UTC))

    async def nudge(self, name: str) -> None:
        """Let what has this name look for what there is to do, in whichever process; nothing has moved."""
        await (await self._driver()).execute("SELECT pg_notify($1, '')", _nudges(name))

    async def _driver(self) -> Connection:
        """A connection of its own: the other one's lock would not keep it out."""
        if self._driving is None:
            self._driving = await self._connect()
        return self._driving

    async def _connect(self) -> Connection:
        connection = await connect(self._url, schema=SCHEMA, application=f"{self._application}.clock")
        connection.add_termination_listener(self._lose)
        return connection

    async def _agree(self) -> None:
        """Have the lock if somebody needs it, and else not."""
        async with self._turn:
            connection = self._require()
            if self._holders and not self._locked:
                self._now = await connection.fetchval(f"SELECT {SCHEMA}.hold()")
                self._locked = True
            elif self._locked and not self._holders:
                self._locked = False
                await connection.execute(f"SELECT pg_advisory_unlock_shared(hashtext('{SCHEMA}'), 0)")

    def _require(self) -> Connection:
        if self._connection is None or self.lost:
            raise ClockLost("the connection to the shared virtual clock (CLOCK) is gone")
        return self._connection

    def _released(self, task: asyncio.Task[None]) -> None:
        self._releases.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._lose()

    def _lose(self, _: Any = None) -> None:
        if not (self.lost or self._closed):
            self.lost = True
            self._on_lost()

    def _heard(self, _: Any, __: int, ___: str, payload: Any) -> None:
        self._now = max(self._now, _EPOCH + timedelta(microseconds=int(payload)))
        for wake in self._wakes:
            wake()


def _nudges(name: str) -> str:
    """The channel on which it is nudged."""
    return f"{SCHEMA}.{name}"


@asynccontextmanager
async def following(url: str, *, application: str) -> AsyncIterator[SharedClock]:
    """The clock at `url`, for as long as the block runs; a clock that is lost ends the block with ClockLost."""
    owner = asyncio.current_task()
    if owner is None:
        raise RuntimeError("this runs in a task")
    clock = SharedClock(url, application=application, on_lost=owner.cancel)
    await clock.open()
    try:
        yield clock
    except asyncio.CancelledError:
        if not clock.lost:
            raise
        owner.uncancel()
        raise ClockLost("the connection to the shared virtual clock (CLOCK) is gone") from None
    finally:
        await clock.close()
