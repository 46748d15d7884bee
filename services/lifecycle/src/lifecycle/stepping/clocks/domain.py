"""The two clocks. Logical time moves members; gate time (the batch's wall clock, never backwards) judges what is stale.

The watermark is the moment up to which every producer's events have been read: time alone moves nobody beyond it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

HEARTBEAT = timedelta(minutes=5)
"""How long, by the gate clock, the journal of a lane may be silent about the time."""


def logical_time(member_at: datetime | None, appended_at: datetime) -> datetime:
    """When an event takes effect: a member's time never goes back, though a producer's clock may."""
    return appended_at if member_at is None else max(member_at, appended_at)


def watermark(producers: Iterable[str], complete_to: Mapping[str, datetime]) -> datetime | None:
    """The least `complete to T` of all producers; None while one of them has stated none, which holds time for everyone."""
    stated = [complete_to.get(producer) for producer in producers]
    known = [moment for moment in stated if moment is not None]
    return min(known) if known and len(known) == len(stated) else None
