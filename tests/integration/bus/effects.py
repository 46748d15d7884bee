"""Events with a number in them, and handlers whose effect is one row an event: what was lost, doubled or out of order shows."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any
from uuid import UUID, uuid5

from common.bus.lanes import lane_of
from common.bus.records import Handlers, Received
from common.contracts.engagement import CheckinRecorded
from common.contracts.event import Event
from common.contracts.members import PointsEarned, PointsReversed
from common.db import UnitOfWork
from common.ids import new_id

POISON = 1000
"""Events with this number or a greater one violate a constraint of the table of effects."""

# No unique key: an event that is handled twice has two rows.
CREATE_EFFECT = f"""
CREATE TABLE effect (
    n        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid   NOT NULL,
    key      text   NOT NULL,
    number   int    NOT NULL CHECK (number < {POISON})
);
-- The one aggregate that a test's writers contend for.
CREATE TABLE counter (key text PRIMARY KEY, version int NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Effect:
    event_id: UUID
    key: str
    number: int


def member(key: int) -> UUID:
    return uuid5(UUID(int=0), f"member {key}")


def neighbours(count: int) -> list[int]:
    """Keys of one lane: whatever carries them, they are read together and in order."""
    lane = lane_of(str(member(0)))
    return list(islice((key for key in itertools.count() if lane_of(str(member(key))) == lane), count))


def earned(number: int, *, key: int = 0) -> PointsEarned:
    return PointsEarned(entry_id=new_id(), member_id=member(key), points=number, balance=0, reason="test")


def reversed_(number: int, *, key: int = 0) -> PointsReversed:
    """Another type of the same producer."""
    entry = new_id()
    return PointsReversed(
        entry_id=entry, reversed_entry_id=entry, member_id=member(key), points=number, balance=0, reason="test"
    )


def checkin(number: int, *, key: int = 0) -> CheckinRecorded:
    """An event of another producer."""
    return CheckinRecorded(member_id=member(key), business_day=date(2026, 1, 1), streak=number)


def number_of(event: Event) -> int:
    if isinstance(event, PointsEarned | PointsReversed):
        return event.points
    assert isinstance(event, CheckinRecorded)
    return event.streak


async def record(uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
    rows = [(item.envelope.id, item.row.key, number_of(item.event)) for item in received]
    await uow.executemany("INSERT INTO effect (event_id, key, number) VALUES ($1, $2, $3)", rows)


def recording(*kinds: type[Event], ordered: bool = True) -> Handlers:
    """Each event becomes a row of `effect`."""
    return Handlers(dict.fromkeys(kinds or (PointsEarned,), record), ordered=ordered)


class Gate:
    """A handler that waits inside its transaction until it is let through; `arrived` counts the batches at the gate."""

    def __init__(self) -> None:
        self.arrived = 0
        self.opened = asyncio.Event()

    async def handle(self, uow: UnitOfWork, received: Sequence[Received[Any]]) -> None:
        self.arrived += 1
        await record(uow, received)
        await self.opened.wait()

    def handlers(self) -> Handlers:
        return Handlers({PointsEarned: self.handle})
