"""A worker of the lifecycle: it has some lanes, reads their rows, lets time pass for their members, and walks over them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Literal
from uuid import UUID

import msgspec

from common.bus.lanes import lane_of
from common.bus.processing import CLOCK_TOLERANCE
from lifecycle.facts.domain import united
from lifecycle.members.domain import decode, encode
from lifecycle.members.outlines.domain import outlined
from lifecycle.publishing.sweeps.domain import moving
from lifecycle.stepping.clocks.domain import watermark
from lifecycle.stepping.domain import wake_at
from simulation.batches import Batch
from simulation.dice import Dice
from simulation.keeping import Enrolment, Kept, Walk
from simulation.logs import Log, Row
from simulation.mutants import Mutants

Death = Literal["before commit", "after commit"]
STRETCH, MOVED = 3, 2
"""Members that a walk looks at in one transaction, and whom a sweep moves of them."""


@dataclass
class Worker:
    kept: Kept
    logs: dict[str, Log]
    mutants: Mutants
    lanes: set[int]
    down_until: datetime | None = None
    dies: Death | None = None
    """With its next batch."""
    unsure: set[tuple[int, str]] = field(default_factory=set)
    """Lanes and producers of which it does not know how far they were read: it reads some rows once more."""

    def is_down(self, now: datetime) -> bool:
        return self.down_until is not None and now < self.down_until

    def work(self, now: datetime, dice: Dice) -> bool:
        """Read of each log, some or all that is there; then tick and walk. True: something was done."""
        if self.is_down(now):
            return False
        worked = False
        for producer in dice.mixed(sorted(self.logs)):
            worked |= self._read(producer, now, dice)
        for lane in dice.mixed(sorted(self.lanes)):
            worked |= self._tick(lane, now, dice)
        return self._walk(now) or worked

    def has_news(self, now: datetime) -> bool:
        return not self.is_down(now) and any(
            log.unread(lane, self.kept.read[lane, producer], now)
            for producer, log in self.logs.items()
            for lane in self.lanes
        )

    def _read(self, producer: str, now: datetime, dice: Dice) -> bool:
        rows, batch = list[Row](), Batch(self.kept, now, self.mutants)
        for lane in dice.mixed(sorted(self.lanes)):
            read = self.kept.read[lane, producer]
            again = min(read, dice.upto(3)) if (lane, producer) in self.unsure else 0
            if unread := self.logs[producer].unread(lane, read - again, now):
                some = unread[: 1 + again + dice.upto(len(unread))] if dice.chance(0.5) else unread
                fresh = some if self.mutants.name == "a row that was read is read again" else some[again:]
                batch.read[lane, producer] = read + len(some[again:])
                rows += fresh
                self.unsure.discard((lane, producer))
        ahead = [row for row in rows if row.appended_at > now + CLOCK_TOLERANCE]
        batch.letters = ahead
        batch.take([row for row in rows if row not in ahead])
        self._note_overtaken(batch)
        if batch.read:
            self._commit(batch)
        return bool(batch.read)

    def replay(self, row: Row, now: datetime) -> None:
        """Step an event that was set aside, as appended now at the latest."""
        batch = Batch(self.kept, now, self.mutants)
        batch.take(
            [msgspec.structs.replace(row, row=msgspec.structs.replace(row.row, appended_at=min(row.appended_at, now)))]
        )
        self._note_overtaken(batch)
        batch.commit()

    def _note_overtaken(self, batch: Batch) -> None:
        for lane, rows in batch.taken.items():
            passed = batch.clock(lane).watermark
            late = {row.event.member_id for row in rows if passed is not None and row.appended_at <= passed}
            self.kept.overtaken |= late

    def _commit(self, batch: Batch) -> bool:
        """False: nothing of it was written."""
        survives = self._survives()
        if survives:
            batch.commit()
        return survives

    def doubt(self, lanes: Collection[int]) -> None:
        self.unsure |= {(lane, producer) for lane in lanes for producer in self.logs}

    def _survives(self) -> bool:
        died, self.dies = self.dies, None
        if died is not None:
            self.doubt(self.lanes)
        return died != "before commit"

    def _tick(self, lane: int, now: datetime, dice: Dice) -> bool:
        stated = {
            producer: log.complete_to(lane, self.kept.read[lane, producer], now) for producer, log in self.logs.items()
        }
        up_to = watermark(sorted(self.logs), stated)
        if up_to is None:
            return False
        batch = Batch(self.kept, now, self.mutants, watermarks={lane: up_to})
        due = sorted((at, member.int) for member, at in self.kept.timers.items() if at <= up_to)
        mine = [UUID(int=number) for _, number in due if self._has(UUID(int=number), lane)]
        if self.mutants.name == "a timer that moved is a no-op":
            for member_id in mine:
                if self.kept.timers[member_id] != wake_at(decode(self.kept.members[member_id])):
                    del self.kept.timers[member_id]
            mine = [member_id for member_id in mine if member_id in self.kept.timers]
        batch.wake(mine[: 1 + dice.upto(3)] if dice.chance(0.3) else mine)
        self._commit(batch)
        return bool(mine)

    def _has(self, member_id: UUID, lane: int) -> bool:
        return lane_of(str(member_id)) == lane

    def _walk(self, now: datetime) -> bool:
        """One stretch of each walk of its lanes."""
        walked = False
        for walk in [walk for walk in self.kept.walks if not walk.is_finished and walk.lane in self.lanes]:
            match walk.what_for:
                case Enrolment() as enrolment:
                    walked |= self._enrol(walk, enrolment, now)
                case int() as version:
                    walked |= self._fill(walk, version) if walk.kind == "backfill" else self._sweep(walk, version, now)
        return walked

    def _stretch(self, walk: Walk) -> tuple[list[UUID], bool]:
        members = sorted(
            (each for each in self.kept.members if self._has(each, walk.lane) and each.int > walk.last_id),
            key=lambda each: each.int,
        )
        return members[:STRETCH], len(members) <= STRETCH

    def _fill(self, walk: Walk, filled: int) -> bool:
        parts = self.kept.backfill(filled, walk.lane)
        stretch, is_last = self._stretch(walk)
        if not self._survives():
            return True
        for member_id in stretch:
            if member_id in parts:
                member = decode(self.kept.members[member_id])
                whole = msgspec.structs.replace(member, facts=united(member.facts, parts[member_id]))
                self.kept.members[member_id] = encode(whole)
        walk.last_id, walk.is_finished = max([walk.last_id, *(each.int for each in stretch)]), is_last
        return True

    def _sweep(self, walk: Walk, target: int, now: datetime) -> bool:
        clock, versions = self.kept.clock(walk.lane, now), self.kept.versions(self.kept.revision)
        version = next(each for each in versions.published if each.number == target)
        if clock.watermark is None or clock.watermark < version.effective_at:
            return False
        stretch, is_last = self._stretch(walk)
        batch = Batch(self.kept, now, self.mutants)
        outlines = [outlined(self.kept.members[each]) for each in stretch]
        leaving = [each.member_id for each in islice(moving(versions, outlines, target), MOVED)]
        leaving = self.mutants.leaving(leaving)
        seen = stretch if len(leaving) < MOVED else stretch[: stretch.index(leaving[-1]) + 1]
        batch.wake(leaving)
        if self._commit(batch):
            walk.last_id = max([walk.last_id, *(each.int for each in seen)])
            walk.is_finished = is_last and seen is stretch
        return True

    def _enrol(self, walk: Walk, enrolment: Enrolment, now: datetime) -> bool:
        stretch, is_last = self._stretch(walk)
        batch = Batch(self.kept, now, self.mutants)
        batch.enrol([each for each in stretch if enrolment.among.has(decode(self.kept.members[each]))], enrolment)
        if self._commit(batch):
            walk.last_id, walk.is_finished = max([walk.last_id, *(each.int for each in stretch)]), is_last
        return True
