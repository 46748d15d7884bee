"""Driving a platform on a virtual clock: issue a step's requests, wait until all is read, step again (design §8)."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from time import monotonic

from common.bus.position import Position
from common.clock import VirtualClock
from embedded.platform import Platform

TICK = timedelta(microseconds=1)
"""Virtual time is complete only strictly before the present: what is due at T happens once the clock is past T."""

DEADLINE_SECONDS = 300.0
_LOOK_SECONDS = 0.001


class NotSettled(Exception):
    """The platform did not come to rest; the message says what was still under way."""


async def settle(platform: Platform) -> None:
    """Return when every event has been handled by everyone, time is complete, and no timer is due. Raises NotSettled."""
    deadline = monotonic() + DEADLINE_SECONDS
    while True:
        busy = next(_unread(platform), None) or await _due(platform) or next(_unread(platform), None)
        if busy is None:
            return
        if monotonic() > deadline:
            raise NotSettled(f"after {DEADLINE_SECONDS:.0f} s: {busy}")
        await asyncio.sleep(_LOOK_SECONDS)


async def next_due(platform: Platform) -> datetime | None:
    """When the next timer of any service is due."""
    due = await _next_due(platform)
    return min(due.values(), default=None)


async def advance(platform: Platform, clock: VirtualClock, moment: datetime) -> None:
    """Bring the platform to a moment, stopping at every timer that falls due before it."""
    await settle(platform)
    while clock.now() < moment:
        due = await next_due(platform)
        stop = moment if due is None else min(moment, max(due, clock.now()) + TICK)
        await clock.advance_to(stop)
        for relay in platform.relays.values():
            relay.wake()
        for worker in platform.workers.values():
            worker.wake()
        await settle(platform)


def _unread(platform: Platform) -> Iterator[str]:
    """What somebody has not read yet."""
    now = platform.runtimes["orders"].clock.now()
    sent = {producer: _sent(platform, producer) for producer in platform.runtimes}
    for name, worker in platform.workers.items():
        for producer in worker.runtime.service.handlers.producers:
            tails, complete_to = sent[producer], worker.consumer.complete_to(producer)
            if tails is None:
                yield f"the relay of {producer} has not sent everything yet"
                continue
            handled = worker.consumer.handled_to(producer)
            if len(handled) != len(tails):
                yield f"{name} has not begun to read {producer}"
            elif any(last < tail for last, tail in zip(handled, tails, strict=True)):
                yield f"{name} has read {producer} up to {max(handled)} of {max(tails)}"
            elif complete_to is None or complete_to < now - TICK:
                yield f"{name} knows the time of {producer} up to {complete_to}, it is {now}"


def _sent(platform: Platform, producer: str) -> Sequence[Position] | None:
    """Where a reader stands who has read everything; None while that is not where readers read."""
    head = platform.runtimes[producer].db.head
    if producer not in platform.relays:
        return [head]
    state = platform.relays[producer].state
    return None if state is None or state.cursor.position < head else state.tails


async def _due(platform: Platform) -> str | None:
    now = platform.runtimes["orders"].clock.now()
    late = ((name, due) for name, due in (await _next_due(platform)).items() if due < now)
    return next((f"a timer of {name} has been due since {due}" for name, due in late), None)


async def _next_due(platform: Platform) -> dict[str, datetime]:
    """By service, when the next of its timers is due, where there is one."""
    runtimes = platform.runtimes
    due = await asyncio.gather(*(runtime.service.next_due(runtime.db) for runtime in runtimes.values()))
    return {name: moment for name, moment in zip(runtimes, due, strict=True) if moment is not None}
