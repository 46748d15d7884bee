"""Dates 日期: the moments at which the calendar brings a rule: days after a metric's first or last, a day of each year, a
schedule.

All are in closed form from facts, so that a member needs no row for each of them: the next one is found when it is asked for.
A clock time that a day skips comes as much later as the clock was put forward; one that a day has twice comes the first time.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from lifecycle.calendars.domain import EPOCH, LAST_DAY, Calendar, zone_named
from lifecycle.conditions.expressions.domain import Weekday
from lifecycle.facts.domain import Facts, attribute_of, tally_of
from lifecycle.policy.quiet.domain import spread_over
from lifecycle.policy.soundness.domain import ZONE

Clock = Literal["member", "business"]
"""Whose days and hours count."""
Leap = Literal["feb28", "mar1"]
"""When the 29th of February is kept in other years."""
MonthDay = Annotated[int, msgspec.Meta(ge=1, le=31)] | Literal["last"]
"""In a shorter month, its last day."""

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_DAY_OF_YEAR = re.compile(r"([0-9]{2})-([0-9]{2})")
_BEFORE = 3
"""Days before a moment on which what comes after it may begin: zones and spreads move it by so much."""


class Dated(msgspec.Struct, frozen=True, kw_only=True, tag_field="trigger"):
    at: time
    clock: Clock = "business"
    spread: timedelta = timedelta(0)
    """So much later at most, each member at their own moment, at most a day."""


class DaysAfter(Dated, frozen=True, tag="days_after"):
    """Each of these days after a metric's first or last day, at a clock time."""

    metric: str
    edge: Literal["first", "last"]
    low: Annotated[int, msgspec.Meta(ge=0, le=3650)]
    high: Annotated[int, msgspec.Meta(ge=0, le=3650)]

    @property
    def source(self) -> str:
        return self.metric


class Yearly(Dated, frozen=True, tag="yearly"):
    """A day of each year that an attribute tells, MM-DD."""

    attribute: str
    leap: Leap = "feb28"

    @property
    def source(self) -> str:
        return self.attribute


class Scheduled(Dated, frozen=True, tag="scheduled"):
    """Days of the week, or one of each month."""

    weekdays: tuple[Weekday, ...] = ()
    month_day: MonthDay | None = None
    spread: timedelta = timedelta(minutes=15)


class Dating(msgspec.Struct, frozen=True):
    """A moment that the calendar brings, and its key."""

    at: datetime
    key: str


class Told(msgspec.Struct, frozen=True):
    """What is known of a member that dates follow from."""

    facts: Facts
    places: Mapping[str, int]
    """Of metrics and attributes in facts."""
    calendar: Calendar

    def zone(self, clock: Clock) -> ZoneInfo:
        """The member's time zone is the business's while theirs is unknown."""
        name = attribute_of(self.facts, self.places[ZONE]) if clock == "member" and ZONE in self.places else None
        return (zone_named(name) if isinstance(name, str) else None) or self.calendar.zone


def source_of(trigger: object, told: Told) -> tuple[object, ZoneInfo] | None:
    """All of a member that its moments follow from."""
    return (_origin_of(trigger, told), told.zone(trigger.clock)) if isinstance(trigger, Dated) else None


def _origin_of(trigger: Dated, told: Told) -> object:
    """What the days are counted from; None when it is not known yet, and for a schedule."""
    if isinstance(trigger, DaysAfter):
        tally = tally_of(told.facts, told.places[trigger.metric])
        return None if tally is None else tally.first if trigger.edge == "first" else tally.last
    if isinstance(trigger, Yearly):
        return attribute_of(told.facts, told.places[trigger.attribute])
    return None


def datings(trigger: object, told: Told, *, unit: tuple[str, UUID], after: datetime) -> Iterator[Dating]:
    """Those later than `after`, the first first; none of what has nothing to do with dates. `unit`: what is spread, the rule of
    a member.
    """
    if not isinstance(trigger, Dated):
        return
    origin = _origin_of(trigger, told)
    if _is_over(trigger, origin, after):
        return
    zone = told.zone(trigger.clock)
    later = spread_over(trigger.spread, "{}/{}".format(*unit)) if trigger.spread else timedelta(0)
    first = after.astimezone(zone).toordinal() - EPOCH - _BEFORE
    for day, key in _days(trigger, origin, first):
        if day >= LAST_DAY:
            return
        moment = moment_of(day, trigger.at, zone) + later
        if moment > after:
            yield Dating(moment, key)


def _is_over(trigger: Dated, origin: object, after: datetime) -> bool:
    """Whether nothing can come any more, whatever the zone: seen without looking at the days."""
    if isinstance(trigger, DaysAfter):
        return not isinstance(origin, int) or origin + trigger.high < after.toordinal() - EPOCH - _BEFORE - 1
    return origin is None and not isinstance(trigger, Scheduled)


@lru_cache(maxsize=4_096)
def moment_of(day: int, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(date.fromordinal(day + EPOCH), clock, zone).astimezone(UTC)


def end_of_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """The last instant of the day that the moment is on."""
    calendar = Calendar(zone)
    return calendar.start_of(calendar.day_of(moment) + 1) - timedelta(microseconds=1)


def kept_on(day: date, leap: Leap) -> frozenset[str]:
    """The days of the year, MM-DD, that are kept on a day."""
    today = f"{day:%m-%d}"
    moved = not isleap(day.year) and today == ("02-28" if leap == "feb28" else "03-01")
    return frozenset({today, "02-29"} if moved else {today})


def _days(trigger: Dated, source: object, first: int) -> Iterator[tuple[int, str]]:
    """The days from `first` on, with their keys, in order."""
    match trigger:
        case DaysAfter() if isinstance(source, int):
            return _days_after(trigger, source, first)
        case Yearly(leap=leap) if isinstance(source, str):
            return _yearly(source, leap, first)
        case Scheduled(weekdays=weekdays, month_day=month_day):
            return _weekly(weekdays, first) if month_day is None else _monthly(month_day, first)
    return iter(())


def _days_after(trigger: DaysAfter, origin: int, first: int) -> Iterator[tuple[int, str]]:
    """After a first day, the number of days is the key: should an earlier one become known, none comes again."""
    for number in range(max(trigger.low, first - origin), trigger.high + 1):
        yield origin + number, str(number) if trigger.edge == "first" else f"{_date(origin)}+{number}"


def _yearly(born: str, leap: Leap, first: int) -> Iterator[tuple[int, str]]:
    start = _date(first)
    for year in range(start.year, date.max.year):
        kept = _kept_in(year, born, leap)
        if kept is None:
            return
        if kept >= start:
            yield kept.toordinal() - EPOCH, str(year)


def _kept_in(year: int, born: str, leap: Leap) -> date | None:
    """None for what is no day of the year."""
    if born == "02-29" and not isleap(year):
        return date(year, 2, 28) if leap == "feb28" else date(year, 3, 1)
    found = _DAY_OF_YEAR.fullmatch(born)
    try:
        return date(year, int(found[1]), int(found[2])) if found else None
    except ValueError:
        return None


def _weekly(weekdays: tuple[Weekday, ...], first: int) -> Iterator[tuple[int, str]]:
    for day in range(first, LAST_DAY):
        when = _date(day)
        if WEEKDAYS[when.weekday()] in weekdays:
            yield day, str(when)


def _monthly(month_day: MonthDay, first: int) -> Iterator[tuple[int, str]]:
    start = _date(first)
    for month in range(start.year * 12 + start.month - 1, date.max.year * 12):
        last = monthrange(month // 12, month % 12 + 1)[1]
        when = date(month // 12, month % 12 + 1, last if month_day == "last" else min(month_day, last))
        if when >= start:
            yield when.toordinal() - EPOCH, f"{when:%Y-%m}"


def _date(day: int) -> date:
    return date.fromordinal(day + EPOCH)
