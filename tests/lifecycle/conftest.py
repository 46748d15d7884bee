"""What the tests of lifecycle share: of the pure engine, random facts and conditions, and events that
arrive; of the service, one that runs on a virtual clock.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime
from uuid import UUID, uuid5

import msgspec
import pytest
from hypothesis import strategies as st

from common.clock import VirtualClock
from common.testing.databases import Engines, cloned
from common.testing.services import create_service_database, running_service
from factories import lifecycle_conditions
from factories.lifecycle import START, Command, Life
from factories.policies import SMALL_TEXT
from lifecycle.app import SERVICE
from lifecycle.conditions.expressions.domain import Condition
from lifecycle.facts.domain import Facts
from lifecycle.facts.events.domain import EVENTS
from lifecycle.stepping.domain import Arrival

NOBODY = UUID(int=0)


@pytest.fixture(scope="session")
def some_facts() -> st.SearchStrategy[Facts]:
    return lifecycle_conditions.some_facts()


@pytest.fixture(scope="session")
def some_conditions() -> st.SearchStrategy[Condition]:
    """Of facts alone."""
    return lifecycle_conditions.asking()


@pytest.fixture(scope="session")
def arrive() -> Callable[..., Arrival]:
    """An event of a member as read from the log: `arrive("order.confirmed", at, amount_minor=500, appended_at=…)`."""
    return _arrive


def _arrive(
    name: str,
    at: datetime,
    *,
    member: int = 1,
    number: int = 0,
    appended_at: datetime | None = None,
    **fields: object,
) -> Arrival:
    event = msgspec.convert(
        {**_ANY, **dict.fromkeys(_MOMENTS, at), "member_id": UUID(int=member), **fields}, EVENTS[name]
    )
    event_id = uuid5(NOBODY, f"{name} {member} {at.isoformat()} {number}")
    return Arrival(event_id=event_id, time=at, appended_at=appended_at or at, event=event)


@pytest.fixture(scope="session")
def lifecycle_template(engines: Engines) -> str:
    name = f"lifecycle_template_{os.getpid()}"
    asyncio.run(create_service_database(engines, name=name, service=SERVICE))
    return name


@pytest.fixture
def lives_by(request: pytest.FixtureRequest) -> str:
    """The policy that `life` begins with: the small one, unless a test is parametrised with another."""
    return getattr(request, "param", SMALL_TEXT)


@pytest.fixture
async def life(
    engines: Engines, lifecycle_template: str, lives_by: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Life]:
    """The service on a database of its own, at noon of a Monday."""
    monkeypatch.setattr("lifecycle.resources.shipped_text", lives_by.encode)
    clock = VirtualClock(START)
    async with (
        cloned(engines, template=lifecycle_template) as database,
        running_service(SERVICE, engines=engines, database=database, clock=clock) as running,
    ):
        await running.drain()  # the group begins: its lane is there to be locked
        yield Life(running, clock)


_MOMENTS = (
    "registered_at",
    "joined_at",
    "confirmed_at",
    "voided_at",
    "refunded_at",
    "read_at",
    "sent_at",
    "granted_at",
    "withdrawn_at",
    "due_at",
    "delivered_at",
    "opened_at",
    "closed_at",
    "changed_at",
)
_IDS = (
    *("order_id", "pickup_point_id", "refund_id", "community_id", "batch_id", "message_id", "coupon_id", "action_id"),
    *("task_id", "complaint_id"),
)
_ANY: dict[str, object] = dict.fromkeys(_IDS, NOBODY) | {
    "amount_minor": 1000,
    "business_day": date(2026, 3, 10),
    "channel": "self",
    "currency": "CNY",
    "fields": [],
    "full": True,
    "kind": "coupon",
    "messages": 1,
    "reason": "refunded",
    "streak": 1,
    "template": "spring",
    "birthday": "03-10",
    "tz": "Asia/Shanghai",
    "team": "care",
    "endpoint": "crm",
    "topic": "late",
    "outcome": "settled",
    "purpose": "promo",
    "version": "v1",
    "given": True,
}


@pytest.fixture
def command(life: Life) -> Command:
    """The command line, as a process of its own. `says`: what is typed when it asks; settings go by their names."""
    service = life.service
    environment = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "development",
        "LIFECYCLE_DATABASE_URL": service.engines.url(role="lifecycle", database=service.database),
    }

    def run(*arguments: object, says: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lifecycle", *map(str, arguments)],
            env=environment | settings,
            input=says,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
