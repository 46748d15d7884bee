"""The business calendar 營業日曆: days, weeks and months as the shop counts them, in its own time zone.

A day is a whole number counted from 1970-01-01. A window of 7d is today and the six days before it; `since` of 7d is a day
seven days back. A window of 1mo is every day after the same day of the month before, or after that month's last day.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

Unit = Literal["d", "w", "mo"]

EPOCH = date(1970, 1, 1).toordinal()
LAST_DAY = date.max.toordinal() - EPOCH - 1
"""The last day that starts and ends in every time zone."""


class Span(msgspec.Struct, frozen=True, tag="span", tag_field="node"):
    """A number of business-calendar days, weeks (of seven days) or months."""

    n: Annotated[int, msgspec.Meta(ge=1, le=3650)]
    unit: Unit = "d"

    def __str__(self) -> str:
        return f"{self.n}{self.unit}"


Duration = Span | timedelta
"""How long a rule waits: `d w mo` to the same wall-clock time of a later day, `h m` as elapsed time."""


@dataclass(frozen=True)
class Calendar:
    zone: ZoneInfo

    def day_of(self, moment: datetime) -> int:
        """The last day that has started by then: it never goes back, also where clocks do so over midnight."""
        day = moment.toordinal() - EPOCH + 2  # of any zone as seen from any other
        while _start_of(day, self.zone) > moment:
            day -= 1
        return day

    def start_of(self, day: int) -> datetime:
        """The first moment of a day, in UTC: midnight, or the end of the gap where clocks jump over midnight."""
        return _start_of(day, self.zone)

    def after(self, moment: datetime, duration: Duration) -> datetime:
        if isinstance(duration, timedelta):
            return moment + duration
        local = moment.astimezone(self.zone)
        day = ahead(local.toordinal() - EPOCH, duration)
        return datetime.combine(date.fromordinal(day + EPOCH), local.time(), self.zone).astimezone(UTC)


@lru_cache(maxsize=4_096)
def _start_of(day: int, zone: ZoneInfo) -> datetime:
    return datetime.fromordinal(day + EPOCH).replace(tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=1_024)
def zone_named(name: str) -> ZoneInfo | None:
    """None when there is no such time zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def back(day: int, span: Span) -> int:
    """The day before the window of that span which ends with `day`."""
    return _months_from(day, -span.n) if span.unit == "mo" else day - _days(span)


def ahead(day: int, span: Span) -> int:
    return _months_from(day, span.n) if span.unit == "mo" else day + _days(span)


def leaves(day: int, span: Span) -> int:
    """The first day whose window of that span no longer holds `day`: the least t with back(t, span) >= day."""
    if span.unit != "mo":
        return day + _days(span)
    clamped = _months_from(day, span.n)
    return clamped if back(clamped, span) >= day else clamped + 1


def length(span: Span, day: int) -> int:
    """How many days that span is, counted back from `day`."""
    return day - back(day, span)


def _days(span: Span) -> int:
    return span.n * 7 if span.unit == "w" else span.n


def _months_from(day: int, months: int) -> int:
    """The same day of another month, or that month's last day."""
    origin = date.fromordinal(day + EPOCH)
    year, month = divmod(origin.year * 12 + origin.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(origin.day, last)).toordinal() - EPOCH
