"""What the tests of lifecycle share: of the pure engine, random facts and conditions over four metrics, and events that
arrive; of the service, one that runs on a virtual clock.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime
from uuid import UUID, uuid5

import msgspec
import pytest
from hypothesis import strategies as st

from common.clock import VirtualClock
from common.testing.databases import Engines, cloned
from common.testing.services import create_service_database, running_service
from factories.lifecycle import START, Life
from lifecycle.app import SERVICE
from lifecycle.calendars.domain import Span
from lifecycle.expressions.domain import (
    Aged,
    Always,
    And,
    Clamp,
    Compare,
    Condition,
    Count,
    Days,
    Never,
    Not,
    Or,
    Pace,
    Since,
    Sum,
)
from lifecycle.facts.domain import Facts
from lifecycle.events.domain import EVENTS
from lifecycle.stepping.domain import Arrival
from lifecycle.tallies.domain import gathered

NUMBERS = {"orders": 5, "chat": 3, "engaged": 2, "joined": 1}
TODAY = (date(2026, 3, 30) - date(1970, 1, 1)).days
NOBODY = UUID(int=0)


@pytest.fixture(scope="session")
def numbers() -> dict[str, int]:
    return NUMBERS


@pytest.fixture(scope="session")
def some_facts() -> st.SearchStrategy[Facts]:
    """Days around the ends of February and March, with retractions that came before what they undo."""
    cell = st.tuples(st.integers(TODAY - 130, TODAY), st.integers(-1, 3), st.integers(-50, 500))
    tally = st.lists(cell, max_size=8).map(gathered)
    every = st.fixed_dictionaries(dict.fromkeys(sorted(NUMBERS.values()), tally))
    return every.map(lambda facts: {number: tally for number, tally in facts.items() if tally is not None})


@pytest.fixture(scope="session")
def some_conditions() -> st.SearchStrategy[Condition]:
    metric = st.sampled_from(sorted(NUMBERS))
    metrics = st.lists(metric, min_size=1, max_size=2, unique=True).map(tuple)
    span = st.builds(Span, st.integers(1, 4), st.just("mo")) | st.builds(Span, st.integers(1, 60), st.just("d"))
    span |= st.builds(Span, st.integers(1, 8), st.just("w"))
    window = st.none() | span
    pace = st.builds(Pace, metric, st.integers(1, 4))
    measure = st.builds(Count, metric, window) | st.builds(Sum, metric, window) | st.builds(Days, metric, window)
    compared = st.builds(
        Compare, measure | pace, st.sampled_from([">", ">=", "<", "<=", "==", "!="]), st.integers(-2, 12)
    )
    bound = span | pace | st.builds(Clamp, pace, span, span)
    aged = st.builds(Aged, st.builds(Since, metrics), st.sampled_from([">", ">=", "<", "<="]), bound)
    atoms: st.SearchStrategy[Condition] = compared | aged | st.builds(Never, metrics) | st.just(Always())
    return st.recursive(
        atoms,
        lambda parts: (
            st.builds(And, st.tuples(parts, parts)) | st.builds(Or, st.tuples(parts, parts)) | st.builds(Not, parts)
        ),
        max_leaves=5,
    )


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
async def life(engines: Engines, lifecycle_template: str) -> AsyncIterator[Life]:
    """The service on a database of its own, at noon of a Monday."""
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
)
_IDS = ("order_id", "pickup_point_id", "refund_id", "community_id", "batch_id", "message_id", "coupon_id", "action_id")
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
}
