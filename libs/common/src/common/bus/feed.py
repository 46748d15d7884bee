"""One producer's log feeding one group: what is read is carried out, and the cursor moves with it, in one transaction."""

from collections import Counter
from time import monotonic

from common.bus import cursors
from common.bus.cursors import Cursor
from common.bus.metrics import LogMetrics
from common.bus.poison import is_poison
from common.bus.position import START
from common.bus.processing import Outcome, TooMuchPoison, process
from common.bus.records import Handlers, LogRow
from common.bus.tail import BATCH, Forked, HistoryLost, Tail, lag_seconds
from common.db import Database


class BatchSize:
    """How many rows are carried out at once: half as many after each failure, in case they were too many for the time that
    a transaction may take; twice as many again after each success.
    """

    def __init__(self) -> None:
        self.rows = BATCH

    def shrink(self) -> None:
        self.rows = max(1, self.rows // 2)

    def grow(self) -> None:
        self.rows = min(BATCH, self.rows * 2)


class Feed:
    """Not safe for concurrent use: one task drives it."""

    def __init__(
        self, *, db: Database, tail: Tail, group: str, handlers: Handlers, metrics: LogMetrics, size: BatchSize
    ) -> None:
        """`size` outlives the feed, which is built anew after a failure."""
        self.tail = tail
        self._size = size
        self._db = db
        self._group = group
        self._handlers = handlers
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
            try:
                await self._commit_batch(rows)
            except TooMuchPoison:
                raise  # in smaller batches it would not be too much
            except Exception:
                self._size.shrink()
                raise
            self._size.grow()
        else:
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

    async def _commit_batch(self, rows: list[LogRow]) -> None:
        try:
            await self._carry_out(rows, bisect=False)
        except Exception as error:
            if not is_poison(error):
                raise
            await self._carry_out(rows, bisect=True)

    async def _carry_out(self, rows: list[LogRow], *, bisect: bool) -> None:
        started = monotonic()
        reached = self.cursor.advanced(rows)
        async with self._db.transaction() as uow:
            locked = await cursors.lock(uow, group=self._group, producer=self.producer)
            if locked.cursor != self.cursor:
                outcome = None
                reached = locked.cursor
            else:
                outcome = await process(
                    uow,
                    [row for row in rows if not self.cursor.has_passed(row.position)],
                    handlers=self._handlers,
                    group=self._group,
                    bisect=bisect,
                    letters_open=locked.letters_open,
                )
                await cursors.move(uow, reached, group=self._group, producer=self.producer)
        self._cursor = reached
        self.tail.has_read(reached.position)
        if outcome is not None:
            self._count(outcome, monotonic() - started)

    def _count(self, outcome: Outcome, seconds: float) -> None:
        labels = (self._group, self.producer)
        self._metrics.handled.labels(*labels).inc(outcome.handled)
        self._metrics.batch_seconds.labels(*labels).observe(seconds)
        for reason, count in Counter(letter.reason for letter in outcome.set_aside).items():
            self._metrics.set_aside.labels(*labels, reason.value).inc(count)

    def _report(self, rows: list[LogRow]) -> None:
        labels = (self._group, self.producer)
        now = self._db.clock.now()
        if rows or not self.tail.marks.pending:
            self._metrics.lag_seconds.labels(*labels).set(lag_seconds(rows, now))
        self._metrics.horizon_seconds.labels(*labels).set(self.tail.settling_seconds)
        self._metrics.generation.labels(*labels).set(self.cursor.position.generation)
