import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from common.clock import SystemClock, VirtualClock, business_day

START = datetime(2017, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_a_virtual_clock_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock(START)
    assert clock.now() == clock.log_time() == START
    await clock.advance_to(START + HOUR)
    assert clock.now() == START + HOUR


async def test_a_virtual_clock_does_not_go_back() -> None:
    clock = VirtualClock(START)
    with pytest.raises(ValueError, match="does not go back"):
        await clock.advance_to(START - HOUR)


def test_a_virtual_clock_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        VirtualClock(datetime(2017, 1, 1))  # noqa: DTZ001 - that is the point


def test_a_virtual_clock_tells_utc() -> None:
    clock = VirtualClock(datetime(2017, 1, 1, 8, tzinfo=timezone(8 * HOUR)))
    assert clock.now() == START
    assert clock.now().tzinfo is UTC


async def test_time_waits_for_all_who_hold_it() -> None:
    clock = VirtualClock(START)
    async with clock.hold():
        async with clock.hold():
            move = asyncio.create_task(clock.advance_to(START + HOUR))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert clock.now() == START
    await asyncio.wait_for(move, 30)
    assert clock.now() == START + HOUR


async def test_two_who_move_it_at_once() -> None:
    """The second may find that its moment has passed; time does not go back."""
    clock = VirtualClock(START)
    async with clock.hold():
        moves = [asyncio.create_task(clock.advance_to(START + n * HOUR)) for n in (1, 2)]
        await asyncio.sleep(0)
    await asyncio.wait_for(asyncio.gather(*moves), 30)
    assert clock.now() == START + 2 * HOUR


async def test_the_system_clock_leaves_the_log_to_the_database() -> None:
    clock = SystemClock()
    async with clock.hold():
        assert clock.log_time() is None
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_business_day_begins_at_midnight_in_the_zone() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert business_day(datetime(2026, 2, 28, 15, 59, tzinfo=UTC), zone) == date(2026, 2, 28)
    assert business_day(datetime(2026, 2, 28, 16, 0, tzinfo=UTC), zone) == date(2026, 3, 1)
