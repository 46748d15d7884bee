"""One partition of one producer's topic feeding one group: what follows the chain is carried out, once."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from common.bus.carrying import BatchSize, Carrier, Claim
from common.bus.kafka import offsets
from common.bus.kafka.following import Left, Missing, Plan, follow, read_again
from common.bus.kafka.offsets import Offset
from common.bus.kafka.wire import Chained, Heartbeat
from common.bus.lanes import LANES
from common.bus.tail import HistoryLost
from common.db import Database, UnitOfWork

log = structlog.get_logger(__name__)

LARGEST_STEP = 500
"""So many records without an effect are passed before their offset is stored."""


class Partition:
    """Not safe for concurrent use: the task of its lane drives it."""

    def __init__(
        self,
        *,
        db: Database,
        carrier: Carrier,
        producer: str,
        number: int,
        offset: Offset,
        accept_missing_history: bool,
    ) -> None:
        self.producer = producer
        self.number = number
        self.lane = number % LANES
        self.offset = offset
        """As it is stored."""
        self.position = offset.next_offset
        """The offset to look at next: everything before it that is not in `offset` has no effect."""
        self.complete_to: datetime | None = None
        """Every event of this partition that was appended at or before it has been handled. None: nothing is known."""
        self.waiting_since: datetime | None = None
        """When the oldest event was appended that has come and is not handled."""
        self._db = db
        self._group = db.service
        self._carrier = carrier
        self._size = BatchSize(carrier.at_once)
        self._accept_missing_history = accept_missing_history
        self._sought = False
        self._looks_until = 0

    async def take(self, records: Sequence[Chained | Heartbeat], *, end: int) -> int | None:
        """Carry out what follows; the offset from which to read on, None: where this ends. `end`: of the whole partition, as
        far as is known.

        Raises Stopped or HistoryLost for what needs a person, TooMuchPoison, or what kept it from being done.
        """
        records = [record for record in records if record.offset >= self.position]
        if records and records[0].offset > self.position and not self._sought:
            self._sought = True  # once: a log may have holes, and what they hide the chain tells
            return self.position
        while records:
            self._sought = False
            self.waiting_since = self._oldest(records)
            now, records = records[: self._size.rows], records[self._size.rows :]
            plan = follow(
                self.offset,
                now,
                where=f"{self.producer}, partition {self.number}",
                now=self._db.clock.now(),
                look_until=self._look_until(end),
            )
            self._judge_history(plan)
            if not await self._commit(plan):
                return self.position
            if plan.complete_to is not None and self.offset.gap is None:
                self.complete_to = max(self.complete_to or plan.complete_to, plan.complete_to)
            if plan.stopped is not None and not (records and isinstance(plan.stopped, Left | Missing)):
                raise plan.stopped
            if plan.reread:
                return self.position
        self.waiting_since = None
        return None

    def _look_until(self, end: int) -> int:
        """Where the partition ended when it was first read again after a person had given up what is missing."""
        giving_up = self.offset.gap is not None and self.offset.gap.giving_up
        self._looks_until = (self._looks_until or end) if giving_up else 0
        return self._looks_until

    def _oldest(self, records: Sequence[Chained | Heartbeat]) -> datetime | None:
        """Of what may have to be handled."""
        chain = self.offset.chain
        waiting = (
            record for record in records if isinstance(record, Chained) and not chain.has_passed(record.position)
        )
        return next((record.row.appended_at for record in waiting), None)

    def reset(self, offset: Offset) -> None:
        """Stand where the database says."""
        self.offset, self.position = offset, offset.next_offset
        self.complete_to = None

    async def look_again(self) -> bool:
        """While something is missing, see now and then whether a person has decided, or read again from the start. Whether it
        is to be read from elsewhere.
        """
        if self.offset.gap is None:
            return False
        stored = (await offsets.read(self._db, group=self._group, producer=self.producer))[self.number]
        if stored != self.offset:
            self.reset(stored)
            return True
        again = read_again(self.offset, self._db.clock.now())
        return again is not None and await self._commit(Plan(again, scanned_to=0, reread=True))

    def _judge_history(self, plan: Plan) -> None:
        if plan.missing is None:
            return
        text = f"{self.producer}, partition {self.number}: the topic begins after {plan.missing}"
        if not self._accept_missing_history:
            raise HistoryLost(
                f"{text}; {self._group} has read nothing of it and needs its history"
                " (start once with --accept-missing-history to go without)"
            )
        log.warning("history missing", group=self._group, producer=self.producer, partition=self.number)

    async def _commit(self, plan: Plan) -> bool:
        """False: somebody else has moved the partition, nothing was done."""
        if not plan.rows and not self._is_worth_storing(plan.offset):
            self.position = plan.scanned_to
            return True
        batch = _Batch(self.offset, plan, group=self._group, producer=self.producer, number=self.number)
        await self._carrier.carry_out(batch, producer=self.producer, size=self._size)
        if batch.moved_by_others is not None:
            self.reset(batch.moved_by_others)
            return False
        self.offset = plan.offset
        self.position = plan.offset.next_offset if plan.reread else plan.scanned_to
        return True

    def _is_worth_storing(self, offset: Offset) -> bool:
        """Heartbeats pass all the time: only where they lead far is the offset stored for them alone."""
        return (
            _without_place(offset) != _without_place(self.offset)
            or offset.next_offset - self.offset.next_offset >= LARGEST_STEP
        )


def _without_place(offset: Offset) -> tuple[object, ...]:
    return offset.chain, offset.log, offset.gap, offset.fork


class _Batch:
    """A plan, to be carried out if the partition is still where the plan was made for."""

    def __init__(self, offset: Offset, plan: Plan, *, group: str, producer: str, number: int) -> None:
        self.moved_by_others: Offset | None = None
        self._offset = offset
        self._plan = plan
        self._group = group
        self._producer = producer
        self._number = number

    async def claim(self, uow: UnitOfWork) -> Claim | None:
        locked = await offsets.lock(uow, group=self._group, producer=self._producer, partition=self._number)
        if locked.offset != self._offset:
            self.moved_by_others = locked.offset
            return None
        return Claim(self._plan.rows, locked.letters_open)

    async def move(self, uow: UnitOfWork) -> None:
        await offsets.move(uow, self._plan.offset, group=self._group, producer=self._producer, partition=self._number)
