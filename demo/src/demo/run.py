"""The run: a platform of its own on a virtual clock, carried through the year step by step."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Protocol
from zoneinfo import ZoneInfo

import httpx2

from common.clock import VirtualClock
from demo.api import Api, new_webhook_secret
from demo.chatter import Chatter
from demo.feeding import Feeding
from demo.journey import Journey
from demo.places import CHANNEL, set_up
from demo.state import State
from demo.steps import Step, steps
from embedded.platform import Configuration, Platform, running_platform
from embedded.settling import advance, settle

ZONE = ZoneInfo("America/New_York")
CURRENCY = "USD"
SEED = 20170101
STEP_HOURS = 6
_UNLIMITED = 1_000_000_000


class Progress(Protocol):
    def begin(self, *, done: int, total: int) -> None:
        """How many baskets were placed in earlier runs, and how many there are."""
        ...

    def stepped(self, step: Step) -> None: ...


@dataclass(frozen=True)
class Pace:
    """What this run did, not those before it."""

    baskets: int
    requests: int
    events: int
    seconds: float


@dataclass(frozen=True)
class Run:
    """A platform that has been carried to the end."""

    platform: Platform
    api: Api
    journey: Journey
    pace: Pace


@asynccontextmanager
async def carried(journey: Journey, wanted: Configuration, *, progress: Progress) -> AsyncIterator[Run]:
    """Start or resume the demo in its folder, carry it to the end of the year, and keep the platform up for questions.

    `wanted`: where and over which bus; the rest is the demo's.
    """
    plan = list(steps(journey, zone=ZONE, length=timedelta(hours=STEP_HOURS)))
    data = wanted.data
    state = State.begin(data, households=len(journey.households), seed=SEED, step_hours=STEP_HOURS, start=plan[0].at)
    clock = VirtualClock(state.clock)
    secret = new_webhook_secret()
    configuration = replace(
        wanted,
        clock=clock,
        keep_log=True,
        settings={
            "currency": CURRENCY,
            "timezone": str(ZONE),
            "requests_per_minute": _UNLIMITED,
            "sign_ins_per_minute": _UNLIMITED,
            "webhooks_per_minute": _UNLIMITED,
            "webhook_secrets": {CHANNEL: [secret]},
        },
    )
    async with (
        running_platform(configuration) as platform,
        httpx2.AsyncClient(base_url=platform.url, timeout=60) as client,
    ):
        api = Api(client, webhook_secret=secret)
        begun, events = monotonic(), _events(platform)
        if state.next_step < len(plan):
            await _carry(platform, clock, journey, api, plan, state, data, progress)
        pace = Pace(
            baskets=sum(len(step.baskets) for step in plan[state.next_step :]),
            requests=api.requests,
            events=_events(platform) - events,
            seconds=monotonic() - begun,
        )
        yield Run(platform, api, journey, pace)


async def _carry(
    platform: Platform,
    clock: VirtualClock,
    journey: Journey,
    api: Api,
    plan: list[Step],
    state: State,
    data: Path,
    progress: Progress,
) -> None:
    await settle(platform)
    places = await set_up(api, journey)
    feeding = Feeding(
        api=api,
        places=places,
        chatter=Chatter(seed=SEED, stores=journey.first_stores()),
        redeemed={target.basket: target.campaign for target in journey.targets if target.basket is not None},
        settle=lambda: settle(platform),
    )
    done = plan[: state.next_step]
    progress.begin(done=sum(len(step.baskets) for step in done), total=journey.basket_count)
    await feeding.remember(household for step in done for household in step.registrations)
    for number, step in enumerate(plan[state.next_step :], start=state.next_step):
        await advance(platform, clock, max(step.at, clock.now()))
        await feeding.carry_out(step)
        await settle(platform)
        state = replace(state, next_step=number + 1, clock=clock.now())
        await asyncio.to_thread(state.keep, data)
        progress.stepped(step)


def _events(platform: Platform) -> int:
    """How many events have been appended since the platform started."""
    registries = (runtime.registry for runtime in platform.runtimes.values())
    return sum(int(registry.get_sample_value("log_events_appended_total") or 0) for registry in registries)
