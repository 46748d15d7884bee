"""The clocks of lanes, kept beside what they moved: a gate that never goes back, a watermark that stays true once it is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from common.db import UnitOfWork
from lifecycle.stepping.clocks import repository
from lifecycle.stepping.clocks.domain import HEARTBEAT


@dataclass(frozen=True, slots=True)
class LaneTime:
    gate: datetime
    watermark: datetime | None
    revision: int
    """What is in force: see `changes`."""
    beats: bool = False
    """Whether the journal has to tell the time of this lane, also when nobody in it was due."""


async def read_to(uow: UnitOfWork, moments: Mapping[int, datetime]) -> None:
    """State for each lane to when everything that was appended has been read in it."""
    await repository.read_to(uow, moments)


async def turn(uow: UnitOfWork, lanes: Collection[int], *, watermark: datetime | None = None) -> dict[int, LaneTime]:
    """The time of each lane in this unit of work. `watermark`: what is newly known to have been read in all of them."""
    if not lanes:
        return {}
    rows = await repository.turn(uow, lanes, gate_at=uow.now, watermark=watermark, beat=HEARTBEAT)
    return {row["lane"]: LaneTime(row["gate_at"], row["watermark"], row["revision"], row["beats"]) for row in rows}
