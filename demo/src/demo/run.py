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

from demo.api import Api, new_webhook_secret
from demo.chatter import Chatter
from demo.feeding import Feeding
from demo.journey import Journey
from demo.places import CHANNEL, set_up
from demo.stages import Stage, in_many_processes, in_one_process
from demo.state import State
from demo.steps import Step, steps
from embedded.platform import Configuration

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

    api: Api
    journey: Journey
    pace: Pace


@asynccontextmanager
async def carried(
    journey: Journey, wanted: Configuration, *, progress: Progress, local: bool = False
) -> AsyncIterator[Run]:
    """Start or resume the demo in its folder, carry it to the end of the year, and keep the platform up for questions.

    `wanted`: where and over which bus; the rest is the demo's. `local`: every service in processes of its own, over Kafka.
    """
    plan = list(steps(journey, zone=ZONE, length=timedelta(hours=STEP_HOURS)))
    data = wanted.data
    state = State.begin(data, households=len(journey.households), seed=SEED, step_hours=STEP_HOURS, start=plan[0].at)
    secret = new_webhook_secret()
    settings = {
        "currency": CURRENCY,
        "timezone": str(ZONE),
        "requests_per_minute": _UNLIMITED,
        "sign_ins_per_minute": _UNLIMITED,
        "webhooks_per_minute": _UNLIMITED,
        "webhook_secrets": {CHANNEL: [secret]},
    }
    stage = in_many_processes if local else in_one_process
    async with (
        stage(wanted, settings, start=state.clock) as platform,
        httpx2.AsyncClient(timeout=60) as client,
    ):
        api = Api(client, platform.origins, webhook_secret=secret)
        begun, events = monotonic(), await platform.count_events()
        if state.next_step < len(plan):
            await _carry(platform, journey, api, plan, state, data, progress)
        pace = Pace(
            baskets=sum(len(step.baskets) for step in plan[state.next_step :]),
            requests=api.requests,
            events=await platform.count_events() - events,
            seconds=monotonic() - begun,
        )
        yield Run(api, journey, pace)


async def _carry(
    platform: Stage,
    journey: Journey,
    api: Api,
    plan: list[Step],
    state: State,
    data: Path,
    progress: Progress,
) -> None:
    await platform.settle()
    places = await set_up(api, journey)
    feeding = Feeding(
        api=api,
        places=places,
        chatter=Chatter(seed=SEED, stores=journey.first_stores()),
        redeemed={target.basket: target.campaign for target in journey.targets if target.basket is not None},
        settle=platform.settle,
    )
    done = plan[: state.next_step]
    progress.begin(done=sum(len(step.baskets) for step in done), total=journey.basket_count)
    await feeding.remember(household for step in done for household in step.registrations)
    for number, step in enumerate(plan[state.next_step :], start=state.next_step):
        await platform.advance(max(step.at, platform.now()))
        await feeding.carry_out(step)
        await platform.settle()
        state = replace(state, next_step=number + 1, clock=platform.now())
        await asyncio.to_thread(state.keep, data)
        progress.stepped(step)
