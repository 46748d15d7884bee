"""What only a person may decide about a partition that stands still: to go on after a fork, or without what is gone."""

from collections.abc import Callable
from dataclasses import replace

from common.bus.kafka import offsets
from common.bus.kafka.chain import Baseline
from common.bus.kafka.offsets import Offset
from common.db import Database
from common.errors import Conflict


class NothingToAccept(Conflict):
    """No partition of this producer stands still for that reason."""


async def accept_fork(db: Database, producer: str) -> dict[int, str]:
    """Go on from what the producer still has; by partition, what that means. What was applied of the lost history stays so.

    Raises NothingToAccept.
    """
    decided = await _decide(db, producer, _without_fork)
    if not decided:
        raise NothingToAccept(f"no partition of {producer} stands at a fork")
    return {
        number: f"goes on after {before.fork}; what was handled of the lost history, up to {before.chain.last}, stays handled"
        for number, before in decided.items()
    }


async def accept_gap(db: Database, producer: str) -> dict[int, str]:
    """Go on without the events that are gone; by partition, which those are. Their effects will never happen. The partitions
    are first read once more from their start: what is found there is applied.

    Raises NothingToAccept.
    """
    decided = await _decide(db, producer, _without_gap)
    if not decided:
        raise NothingToAccept(f"no partition of {producer} misses anything")
    return {number: _given_up(before) for number, before in decided.items()}


def _without_fork(offset: Offset) -> Offset:
    if offset.fork is None:
        return offset
    return replace(offset, chain=replace(offset.chain, baseline=Baseline.PASSED), fork=None)


def _without_gap(offset: Offset) -> Offset:
    if offset.gap is None:
        return offset
    return replace(offset, gap=replace(offset.gap, giving_up=True), next_offset=0)


def _given_up(before: Offset) -> str:
    last, gap = before.chain.last, before.gap
    if gap is None:
        return ""
    said = f"what follows {last} up to {gap.least} will not be handled, unless it is found when the partition is read again"
    if gap.least.generation != last.generation:
        said += f"; the producer began a generation in between: what was handled up to {last} may not exist there"
    return said


async def _decide(db: Database, producer: str, decide: Callable[[Offset], Offset]) -> dict[int, Offset]:
    """What stood before, of the partitions that are changed."""
    decided: dict[int, Offset] = {}
    async with db.transaction() as uow:
        for number in await offsets.read(db, group=db.service, producer=producer):
            stood = (await offsets.lock(uow, group=db.service, producer=producer, partition=number)).offset
            if decide(stood) != stood:
                await offsets.move(uow, decide(stood), group=db.service, producer=producer, partition=number)
                decided[number] = stood
    return decided
