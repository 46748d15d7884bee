import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import httpx2
import pytest

from common.clock import VirtualClock
from common.contracts.engagement import CheckinRecorded
from common.testing.databases import Engines, cloned
from common.testing.services import RunningService, running_service
from engagement.app import SERVICE

pytestmark = pytest.mark.integration

PATH = "/engagement/v1/checkins"
NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)  # in Shanghai

Open = Callable[..., AbstractAsyncContextManager[RunningService]]


@pytest.fixture
def open_at(engines: Engines, engagement_template: str) -> Open:
    """The service on a clock of the test's, in a time zone."""

    @asynccontextmanager
    async def opened(clock: VirtualClock, timezone: str = "Asia/Shanghai") -> AsyncIterator[RunningService]:
        async with (
            cloned(engines, template=engagement_template) as database,
            running_service(
                SERVICE, engines=engines, database=database, clock=clock, settings={"timezone": timezone}
            ) as running,
        ):
            yield running

    return opened


async def check_in(engagement: RunningService, member_id: UUID) -> httpx2.Response:
    return await engagement.client.post(PATH, headers=engagement.headers(member_id=member_id))


async def days_of(engagement: RunningService) -> list[tuple[date, int]]:
    return [(event.business_day, event.streak) for event in await engagement.events(CheckinRecorded)]


async def test_a_day_has_one_check_in_and_days_in_a_row_make_a_streak(open_at: Open) -> None:
    clock, member_id = VirtualClock(NOON), uuid4()
    async with open_at(clock) as engagement:
        for days in (0, 1, 1, 3):  # two days in a row, one left out, two in a row
            await clock.advance_to(clock.now() + timedelta(days=days))
            first = await check_in(engagement, member_id)
            again = await check_in(engagement, member_id)
            assert (again.status_code, again.json()) == (200, first.json())
        listed = await engagement.client.get(PATH, headers=engagement.headers(member_id=member_id))

        assert await days_of(engagement) == [
            (date(2026, 3, 1), 1),
            (date(2026, 3, 2), 2),
            (date(2026, 3, 3), 3),
            (date(2026, 3, 6), 1),
        ]
        assert [one["streak"] for one in listed.json()["items"]] == [1, 3, 2, 1]
        assert (await engagement.client.get(PATH, headers=engagement.headers())).json()["items"] == []


async def test_twelve_taps_at_once_are_one_check_in(engagement: RunningService) -> None:
    member_id = uuid4()
    answers = await asyncio.gather(*(check_in(engagement, member_id) for _ in range(12)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 11}
    assert len({answer.content for answer in answers}) == 1
    assert len(await engagement.events(CheckinRecorded)) == 1


@pytest.mark.parametrize(
    ("timezone", "midnight"),
    [
        ("Asia/Shanghai", datetime(2026, 3, 1, 16, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 8, 5, tzinfo=UTC)),  # the day that the clocks there go forward
        ("UTC", datetime(2026, 3, 2, tzinfo=UTC)),
    ],
)
async def test_the_day_ends_at_midnight_where_the_business_is(open_at: Open, timezone: str, midnight: datetime) -> None:
    """Taps from both sides of midnight, many at once: one check-in a side, the second lengthens the streak."""
    clock, member_id = VirtualClock(midnight - timedelta(seconds=1)), uuid4()
    async with open_at(clock, timezone) as engagement:
        before = await asyncio.gather(*(check_in(engagement, member_id) for _ in range(4)))
        tapping = [asyncio.create_task(check_in(engagement, member_id)) for _ in range(6)]
        await clock.advance_to(midnight)
        around = await asyncio.gather(*tapping)
        after = await asyncio.gather(*(check_in(engagement, member_id) for _ in range(4)))

        statuses = Counter(answer.status_code for answer in [*before, *around, *after])
        assert statuses == {201: 2, 200: 12}
        (first, one), (second, two) = await days_of(engagement)
        assert (one, two) == (1, 2)
        assert second - first == timedelta(days=1)
        assert {answer.json()["business_day"] for answer in after} == {str(second)}


async def test_other_midnights_are_no_boundary(open_at: Open) -> None:
    clock, member_id = VirtualClock(datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)), uuid4()
    async with open_at(clock) as engagement:
        await check_in(engagement, member_id)
        await clock.advance_to(datetime(2026, 3, 2, 0, 0, 1, tzinfo=UTC))  # 08:00 in Shanghai
        assert (await check_in(engagement, member_id)).status_code == 200
        assert await days_of(engagement) == [(date(2026, 3, 2), 1)]


async def test_a_clock_that_was_set_back_gives_the_latest_check_in(engines: Engines, engagement_template: str) -> None:
    member_id = uuid4()
    async with cloned(engines, template=engagement_template) as database:
        for moment, expected in ((NOON, 201), (NOON - timedelta(days=1), 200), (NOON, 200)):
            async with running_service(
                SERVICE, engines=engines, database=database, clock=VirtualClock(moment)
            ) as engagement:
                answer = await check_in(engagement, member_id)
                assert (answer.status_code, answer.json()["business_day"]) == (expected, "2026-03-01")
