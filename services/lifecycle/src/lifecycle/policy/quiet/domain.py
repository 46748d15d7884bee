"""Quiet hours 免打擾: the part of the day in which nobody is sent anything; what falls into it waits for its end.

Those who waited are sent to at moments spread over a while, each at their own, so that not everybody hears at once.
"""

from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """From a time of day until another, which may be on the next day; by the clock of the member or of the business."""

    begins: time
    ends: time
    clock: Literal["member", "business"] = "member"
    then: Literal["defer", "drop"] = "defer"
    longest: timedelta = timedelta(hours=24)
    """What would have to wait longer is dropped."""
    spread: timedelta = timedelta(0)


def quiet_until(quiet: Quiet, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """The end of the quiet hours that this moment is in, in UTC; None when it is in none."""
    local = moment.astimezone(zone)
    clock = local.time()
    overnight = quiet.begins > quiet.ends
    if not (quiet.begins <= clock or clock < quiet.ends if overnight else quiet.begins <= clock < quiet.ends):
        return None
    day = local.date() + timedelta(days=overnight and clock >= quiet.begins)
    end = datetime.combine(day, quiet.ends, zone)
    ended = end.astimezone(UTC)
    return ended if ended > moment else end.replace(fold=1).astimezone(UTC)


def spread_over(width: timedelta, unit: str) -> timedelta:
    """How long after the end one waits on: whole seconds, evenly spread over units, the same for the same unit."""
    seconds = width // timedelta(seconds=1)
    return timedelta(seconds=_hash(unit) % (seconds + 1))


def _hash(unit: str) -> int:
    return int.from_bytes(blake2b(unit.encode(), digest_size=8).digest())
