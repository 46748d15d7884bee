"""Events a second while writers append: alone, and with the effects of what they append; and the same rows without a log."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from time import monotonic

from benchmarks.log import bare
from benchmarks.log.ledger import Ledger

WRITERS = (1, 16)

BARE_INSERT, APPEND, BOTH = "bare INSERT", "append", "append → effect"

Rates = dict[tuple[str, int], float]
"""By what was done and how many writers."""
Write = Callable[[int], Awaitable[object]]


async def writing(ledger: Ledger, *, seconds: float, numbers: "count[int]") -> Rates:
    """What only writes, which no bus has a part in."""
    writes: dict[str, Write] = {BARE_INSERT: partial(bare.insert, ledger), APPEND: ledger.append}
    return {
        (what, writers): len(written) / (ended - began)
        for writers in WRITERS
        for what, write in writes.items()
        for written, began, ended in [await _write(write, writers=writers, seconds=seconds, numbers=numbers)]
    }


async def appending_and_consuming(ledger: Ledger, *, seconds: float, numbers: "count[int]") -> Rates:
    """From the first append to the last effect, with a consumer that runs already."""
    await warm_up(ledger, numbers=numbers)
    rates: Rates = {}
    for writers in WRITERS:
        written, began, _ = await _write(ledger.append, writers=writers, seconds=seconds, numbers=numbers)
        effects = await ledger.effects(since=min(written), count=len(written))
        rates[BOTH, writers] = len(written) / (effects.last - began)
    return rates


async def warm_up(ledger: Ledger, *, numbers: "count[int]") -> None:
    """Until what is appended has its effect, whatever its key."""
    first = next(numbers)
    mine = [first, *(next(numbers) for _ in range(WARM_UP_EVENTS - 1))]
    await ledger.tell(mine)
    await ledger.effects(since=first, count=len(mine))


WARM_UP_EVENTS = 200


async def _write(
    write: Write, *, writers: int, seconds: float, numbers: "count[int]"
) -> tuple[list[int], float, float]:
    """Each writer writes again as soon as it has written; what was written in order of their numbers, from when to when."""
    began = monotonic()
    written: list[int] = []

    async def work() -> None:
        while monotonic() - began < seconds:
            number = next(numbers)
            written.append(number)
            await write(number)

    await asyncio.gather(*(work() for _ in range(writers)))
    return written, began, monotonic()
