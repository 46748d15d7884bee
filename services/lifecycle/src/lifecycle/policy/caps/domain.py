"""Caps 頻次上限: how often a member may hear from the shop in a business day, week or month.

Only a release counts, at the moment of sending; what was refused gives its place back. A cap may keep places that only high
priorities use, so that a busy morning of small things does not use up the week.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from common.contracts.event import Code
from lifecycle.calendars.domain import EPOCH, LAST_DAY, Calendar

Period = Literal["day", "week", "month"]
Priority = Annotated[int, msgspec.Meta(ge=0, le=100)]

_LONGEST: Period = "month"
_PERIODS_IN_CHINESE: Mapping[Period, str] = {"day": "每日", "week": "每週", "month": "每月"}
_MONDAY = 3  # 1970-01-01 was a Thursday: three days after a Monday


class Keep(msgspec.Struct, frozen=True):
    """Places of a cap that only this priority and higher ones may use."""

    priority: Priority
    slots: Annotated[int, msgspec.Meta(ge=1)]


class Cap(msgspec.Struct, frozen=True, kw_only=True):
    sent_as: Code
    """The class of what it limits."""
    most: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    per: Period
    channel: Code | None = None
    """None: whatever the channel, also what uses none."""
    keep: Keep | None = None

    def __str__(self) -> str:
        by = f" by {self.channel}" if self.channel else ""
        return f"{self.most} {self.sent_as}{by} a {self.per}"

    @property
    def in_chinese(self) -> str:
        by = f"（{self.channel}）" if self.channel else ""
        return f"{_PERIODS_IN_CHINESE[self.per]} {self.most} 次 {self.sent_as}{by}"


class Send(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was released to a member."""

    at: datetime
    """When it is sent."""
    sent_as: str
    channels: tuple[str, ...]
    rule: str
    key: str
    attempt: int
    """Whose send it was: when all that was asked for was refused, it was none."""
    of: UUID | None = None
    """The identity that it was sent to; None: the member's own."""


def biting(
    caps: Iterable[Cap],
    sends: Sequence[Send],
    *,
    at: datetime,
    sent_as: str,
    channels: Sequence[str],
    priority: int,
    calendar: Calendar,
) -> Cap | None:
    """The cap that leaves no place for one more send at that moment; of several the one that is free last."""
    full = [
        cap for cap in caps if limits(cap, sent_as, channels) and used(cap, sends, at, calendar) >= _room(cap, priority)
    ]
    return max(full, key=lambda cap: free_at(cap, at, calendar), default=None)


def free_at(cap: Cap, at: datetime, calendar: Calendar) -> datetime:
    """When the cap's next period begins."""
    return calendar.start_of(_last_day(cap.per, calendar.day_of(at)) + 1)


def remembered(sends: Iterable[Send], *, at: datetime, calendar: Calendar) -> tuple[Send, ...]:
    """The sends that a cap may still count at that moment, or later."""
    earliest = _period(_LONGEST, calendar.day_of(at))
    week = _period("week", calendar.day_of(at))
    return tuple(
        send
        for send in sends
        if _period(_LONGEST, day := calendar.day_of(send.at)) >= earliest or _period("week", day) >= week
    )


def limits(cap: Cap, sent_as: str, channels: Sequence[str]) -> bool:
    return cap.sent_as == sent_as and (cap.channel is None or cap.channel in channels)


def used(cap: Cap, sends: Sequence[Send], at: datetime, calendar: Calendar) -> int:
    period = _period(cap.per, calendar.day_of(at))
    return sum(
        limits(cap, send.sent_as, send.channels) and _period(cap.per, calendar.day_of(send.at)) == period
        for send in sends
    )


def _room(cap: Cap, priority: int) -> int:
    kept = cap.keep.slots if cap.keep is not None and priority < cap.keep.priority else 0
    return cap.most - kept


def _period(per: Period, day: int) -> int:
    match per:
        case "day":
            return day
        case "week":
            return (day + _MONDAY) // 7
        case "month":
            when = date.fromordinal(day + EPOCH)
            return when.year * 12 + when.month - 1


def _last_day(per: Period, day: int) -> int:
    match per:
        case "day":
            return day
        case "week":
            return day + 6 - (day + _MONDAY) % 7
        case "month":
            year, month = divmod(_period("month", day) + 1, 12)
            return min(date(year, month + 1, 1).toordinal() - EPOCH - 1, LAST_DAY)
