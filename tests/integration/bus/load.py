"""Writers under load that may fail at any moment, and an oracle in memory that knows what they were promised."""

import asyncio
import random
from collections import defaultdict
from contextlib import suppress
from typing import Self
from uuid import UUID

import asyncpg

from common.errors import Unavailable
from integration.bus.effects import earned, member
from integration.bus.harness import Log

FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    Unavailable,
)


class Load:
    """One writer a key, so that the order of a key is the order of its writer."""

    def __init__(self, log: Log, *, seed: int, keys: int = 4) -> None:
        self.seed = seed
        self.failed = 0
        self._log = log
        self._random = random.Random(seed)
        self._keys = keys
        self._attempted: dict[str, list[UUID]] = defaultdict(list)
        self._confirmed: set[UUID] = set()
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._write(key)) for key in range(self._keys)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)

    @property
    def confirmed(self) -> int:
        return len(self._confirmed)

    async def _write(self, key: int) -> None:
        while not self._stop.is_set():
            try:
                await self._append(key)
            except FAILURES:
                self.failed += 1
                await asyncio.sleep(0.01)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._random.random() / 100)

    async def _append(self, key: int) -> None:
        """One to three events; what they are is known before the commit, that they are there only after it."""
        ids: list[UUID] = []
        async with (await self._log.db("members")).transaction() as uow:
            await uow.execute(
                "INSERT INTO counter VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET version = counter.version + 1",
                str(key),
            )
            ids += [uow.append(earned(0, key=key)) for _ in range(self._random.randint(1, 3))]
            self._attempted[str(member(key))] += ids
        self._confirmed |= set(ids)

    async def check(self) -> None:
        """What was confirmed is in the log; what is in the log has its effect, once, in the order of its key."""
        events, effects = await self._log.events(), await self._log.effects()
        told = [row["event_id"] for row in events]
        where = f"seed {self.seed}, {len(told)} events, {self.failed} failures"
        assert not self._confirmed - set(told), f"confirmed but not in the log: {where}"
        assert len(told) == len(set(told)), f"twice in the log: {where}"
        for key, attempted in self._attempted.items():
            in_log = [row["event_id"] for row in events if row["key"] == key]
            known = set(in_log)
            assert in_log == [id_ for id_ in attempted if id_ in known], f"order in the log: {where}"
            applied = [effect.event_id for effect in effects if effect.key == key]
            assert applied == in_log, f"effects are not the log: {where}"
