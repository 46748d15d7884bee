"""One batch of one producer: claimed, carried out and noted in one transaction, over whatever transport it came."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from common.bus.metrics import LogMetrics
from common.bus.poison import is_poison
from common.bus.processing import Outcome, TooMuchPoison, process
from common.bus.records import Handlers, LogRow
from common.db import Database, UnitOfWork


@dataclass(frozen=True, slots=True)
class Claim:
    """What a batch may do now."""

    rows: Sequence[LogRow]
    """Those that were not handled before."""
    letters_open: bool
    """Whether the group has open dead letters."""


class Place(Protocol):
    """Where a batch stands in the log."""

    async def claim(self, uow: UnitOfWork) -> Claim | None:
        """Lock the place: the first statements of the transaction. None: somebody else has moved it, do nothing."""
        ...

    async def move(self, uow: UnitOfWork) -> None:
        """Note that the batch is done: the last statement before the events."""
        ...


class BatchSize:
    """How many rows are carried out at once: half as many after each failure, in case they were too many for the time that
    a transaction may take; twice as many again after each success, up to the most.
    """

    def __init__(self, most: int) -> None:
        self.rows = self._most = most

    def shrink(self) -> None:
        self.rows = max(1, self.rows // 2)

    def grow(self) -> None:
        self.rows = min(self._most, self.rows * 2)


class Carrier:
    """Carries out batches for a group."""

    def __init__(self, *, db: Database, handlers: Handlers, metrics: LogMetrics) -> None:
        self._db = db
        self._group = db.service
        self.at_once = handlers.at_once
        self._handlers = handlers
        self._metrics = metrics

    async def carry_out(self, place: Place, *, producer: str, size: BatchSize) -> None:
        """Raises TooMuchPoison, or what kept it from being done; then nothing is."""
        try:
            try:
                await self._try(place, producer, bisect=False)
            except Exception as error:
                if not is_poison(error):
                    raise
                await self._try(place, producer, bisect=True)
        except TooMuchPoison:
            raise  # in smaller batches it would not be too much
        except Exception:
            size.shrink()
            raise
        size.grow()

    async def _try(self, place: Place, producer: str, *, bisect: bool) -> None:
        started = monotonic()
        async with self._db.transaction() as uow:
            claim = await place.claim(uow)
            if claim is None:
                return
            outcome = await process(
                uow,
                claim.rows,
                handlers=self._handlers,
                group=self._group,
                bisect=bisect,
                letters_open=claim.letters_open,
            )
            await place.move(uow)
        self._count(outcome, producer, monotonic() - started)

    def _count(self, outcome: Outcome, producer: str, seconds: float) -> None:
        labels = (self._group, producer)
        self._metrics.handled.labels(*labels).inc(outcome.handled)
        self._metrics.batch_seconds.labels(*labels).observe(seconds)
        for reason, count in Counter(letter.reason for letter in outcome.set_aside).items():
            self._metrics.set_aside.labels(*labels, reason.value).inc(count)
