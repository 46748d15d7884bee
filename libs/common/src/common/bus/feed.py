"""One producer's outbox feeding one group: what is read is carried out, and the cursor moves with it, in one transaction."""

from collections.abc import Sequence

from common.bus import cursors
from common.bus.carrying import BatchSize, Carrier, Claim
from common.bus.cursors import Cursor
from common.bus.metrics import LogMetrics
from common.bus.position import START
from common.bus.records import LogRow
from common.bus.tail import Forked, HistoryLost, Tail, lag_seconds
from common.db import Database, UnitOfWork


class Feed:
    """Not safe for concurrent use: one task drives it."""

    def __init__(self, *, db: Database, tail: Tail, carrier: Carrier, metrics: LogMetrics, size: BatchSize) -> None:
        """`size` outlives the feed, which is built anew after a failure."""
        self.tail = tail
        self._size = size
        self._db = db
        self._group = db.service
        self._carrier = carrier
        self._metrics = metrics
        self._cursor: Cursor | None = None

    @property
    def producer(self) -> str:
        return self.tail.producer

    @property
    def begun(self) -> bool:
        return self._cursor is not None

    @property
    def cursor(self) -> Cursor:
        if self._cursor is None:
            raise RuntimeError("the feed has not begun")
        return self._cursor

    async def begin(self, *, accept_missing_history: bool) -> bool:
        """Find where the group stands. A new group starts at the floor; returns True when history is missing there.

        Raises HistoryLost for a new group that does not accept missing history.
        """
        await self.tail.open()
        floor = await self.tail.floor()
        async with self._db.transaction() as uow:
            cursor = await cursors.read(uow, group=self._group, producer=self.producer)
            missing = cursor is None and floor > START
            if missing and not accept_missing_history:
                raise HistoryLost(
                    f"{self.producer}: the log begins after {floor}; {self._group} has read nothing of it"
                    " and needs its history (start once with --accept-missing-history to go without)"
                )
            if cursor is None:
                cursor = await cursors.begin(uow, group=self._group, producer=self.producer, floor=floor)
        self._cursor = cursor
        self.tail.has_read(cursor.position)
        return missing

    async def advance(self) -> int:
        """Look, read one batch, carry it out. Returns how many rows were scanned; 0: nothing is final that is not read."""
        await self.tail.look()
        rows = await self._read()
        if rows:
            batch = _Batch(self.cursor, rows, group=self._group, producer=self.producer)
            await self._carrier.carry_out(batch, producer=self.producer, size=self._size)
            self._cursor = batch.reached
        self.tail.has_read(self.cursor.position)
        self._report(rows)
        return len(rows)

    async def _read(self) -> list[LogRow]:
        try:
            return await self.tail.read(self.cursor, limit=self._size.rows)
        except (Forked, HistoryLost):
            async with self._db.transaction() as uow:
                stored = await cursors.read(uow, group=self._group, producer=self.producer)
            if stored is None or stored == self.cursor:
                raise
            self._cursor = stored  # another member has moved it, or an operator
            return await self.tail.read(stored, limit=self._size.rows)

    def _report(self, rows: list[LogRow]) -> None:
        labels = (self._group, self.producer)
        now = self._db.clock.now()
        if rows or not self.tail.marks.pending:
            self._metrics.lag_seconds.labels(*labels).set(lag_seconds(rows, now))
        self._metrics.horizon_seconds.labels(*labels).set(self.tail.settling_seconds)
        self._metrics.generation.labels(*labels).set(self.cursor.position.generation)


class _Batch:
    """The rows after a cursor; `reached` is where the cursor stands afterwards."""

    def __init__(self, cursor: Cursor, rows: Sequence[LogRow], *, group: str, producer: str) -> None:
        self.reached = cursor
        self._cursor = cursor
        self._rows = rows
        self._group = group
        self._producer = producer

    async def claim(self, uow: UnitOfWork) -> Claim | None:
        locked = await cursors.lock(uow, group=self._group, producer=self._producer)
        if locked.cursor != self._cursor:
            self.reached = locked.cursor
            return None
        self.reached = self._cursor.advanced(self._rows)
        return Claim([row for row in self._rows if not self._cursor.has_passed(row.position)], locked.letters_open)

    async def move(self, uow: UnitOfWork) -> None:
        await cursors.move(uow, self.reached, group=self._group, producer=self._producer)
