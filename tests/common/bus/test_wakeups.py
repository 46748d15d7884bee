import asyncio
from time import monotonic

from common.bus.wakeups import Wakeups, wait_any


async def test_only_subscribers_of_the_topic_are_woken() -> None:
    wakeups = Wakeups()
    orders, both = wakeups.subscribe(["orders"]), wakeups.subscribe(["orders", "members"])
    wakeups.wake("members")
    assert (orders.is_set(), both.is_set()) == (False, True)
    wakeups.wake("engagement")
    wakeups.wake("orders")
    assert orders.is_set()


async def test_news_before_the_wait_are_not_lost() -> None:
    event = asyncio.Event()
    event.set()
    began = monotonic()
    await wait_any(60, asyncio.Event(), event)
    assert monotonic() - began < 30


async def test_any_of_the_events_ends_the_wait() -> None:
    first, second = asyncio.Event(), asyncio.Event()
    waiting = asyncio.create_task(wait_any(60, first, second))
    await asyncio.sleep(0)
    second.set()
    await asyncio.wait_for(waiting, 30)


async def test_without_news_the_time_ends_it_and_nothing_is_left_behind() -> None:
    before = len(asyncio.all_tasks())
    await wait_any(0.01, asyncio.Event())
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before
