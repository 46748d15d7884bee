"""A reading 讀數: what one leaf of a condition is of a member at a moment, under the name by which receipts keep it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from lifecycle.calendars.domain import Calendar, Span, length
from lifecycle.conditions.expressions.domain import (
    Attribute,
    Count,
    Days,
    Hour,
    In,
    Leaf,
    OnBirthday,
    OnHoliday,
    OnWeekday,
    Plain,
    Said,
    Since,
    Stands,
    Stayed,
    Sum,
)
from lifecycle.facts.domain import Facts, attribute_of, tally_of
from lifecycle.facts.measures.domain import Numbers, Windowed, changes, last_of, timeless
from lifecycle.members.domain import Episode
from lifecycle.policy.dates.domain import WEEKDAYS, Leap, Told, kept_on
from lifecycle.policy.soundness.domain import BIRTHDAY
from lifecycle.standing.domain import Standing

Reading = Plain | float | None
"""A leaf's value, or that it is absent."""

Asked = Attribute | Stands | In | Stayed | Hour | OnWeekday | OnHoliday | OnBirthday | Said
"""Conditions that are leaves themselves: they ask what is not counted."""
Readable = Leaf | Asked

_HOUR = timedelta(hours=1)


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """All that a condition may ask; what only rules ask may be left out where none is."""

    facts: Facts
    numbers: Numbers
    calendar: Calendar
    at: datetime
    standing: Standing = {}
    episodes: Mapping[str, Episode] = {}
    event: Mapping[str, Plain] = {}
    """Of the event that triggered, the fields that the condition asks, but those that are absent."""
    holidays: frozenset[int] = frozenset()
    leap_birthday: Leap = "feb28"

    @property
    def day(self) -> int:
        return self.calendar.day_of(self.at)

    @property
    def zone(self) -> ZoneInfo:
        """The member's."""
        return Told(self.facts, self.numbers, self.calendar).zone("member")

    @property
    def local(self) -> datetime:
        return self.at.astimezone(self.zone)

    def attribute(self, name: str) -> Plain | None:
        place = self.numbers.get(name)
        return None if place is None else attribute_of(self.facts, place)


def name_of(leaf: Readable) -> str:
    """As operators read it in a receipt; different leaves have different names."""
    match leaf:
        case Attribute(name):
            return name
        case Stands(dimension):
            return dimension
        case Said(field):
            return f"event.{field}"
        case Hour():
            return "hour"
        case OnWeekday():
            return "weekday"
        case Stayed(value, _, right):
            return f"since({value})" if isinstance(right, Span) else f"since({value}) in hours"
    return str(leaf)


class Lookup(NamedTuple):
    """A leaf made ready to be read."""

    name: str
    read: Callable[[Situation], Reading]


@lru_cache(maxsize=4_096)
def lookup(leaf: Readable) -> Lookup:
    return Lookup(name_of(leaf), _measured(leaf) if isinstance(leaf, Leaf) else _asked(leaf))


def _measured(leaf: Leaf) -> Callable[[Situation], float | None]:
    match leaf:
        case Span():
            return lambda situation: length(leaf, situation.day)
        case Since(metrics):
            return lambda situation: _since(metrics, situation)
        case Count(metric, Span() as window) | Sum(metric, Span() as window) | Days(metric, Span() as window):
            return lambda situation: _within(metric, type(leaf), window, situation)
        case _:
            return lambda situation: timeless(leaf, situation.numbers)(situation.facts)


def _since(metrics: tuple[str, ...], situation: Situation) -> int | None:
    last = last_of(situation.facts, tuple([situation.numbers[name] for name in metrics]))
    return None if last is None else situation.day - last


def _within(metric: str, measure: Windowed, window: Span, situation: Situation) -> int:
    tally, day = tally_of(situation.facts, situation.numbers[metric]), situation.day
    steps = () if tally is None else changes(tally, measure, window, day)
    return sum(difference for since, difference in steps if since <= day)


def _asked(leaf: Asked) -> Callable[[Situation], Reading]:
    match leaf:
        case Attribute(name):
            return lambda situation: situation.attribute(name)
        case Stands(dimension):
            return lambda situation: situation.standing.get(dimension)
        case In(segment):
            return lambda situation: segment in situation.standing
        case Stayed():
            return lambda situation: _stayed(leaf, situation)
        case Said(field):
            return lambda situation: situation.event.get(field)
        case Hour() | OnWeekday() | OnHoliday() | OnBirthday():
            return _TIMED[type(leaf)]


def _hour(situation: Situation) -> int:
    return situation.local.hour


def _weekday(situation: Situation) -> str:
    return WEEKDAYS[situation.local.weekday()]


def _holiday(situation: Situation) -> bool:
    return situation.day in situation.holidays


def _birthday(situation: Situation) -> bool | None:
    born = situation.attribute(BIRTHDAY)
    return None if born is None else born in kept_on(situation.local.date(), situation.leap_birthday)


_TIMED: Mapping[type[Asked], Callable[[Situation], Reading]] = {
    Hour: _hour,
    OnWeekday: _weekday,
    OnHoliday: _holiday,
    OnBirthday: _birthday,
}


def _stayed(leaf: Stayed, situation: Situation) -> float | None:
    """Business days, or hours, as the bound is given."""
    episode = situation.episodes.get(leaf.value)
    if episode is None:
        return None
    if isinstance(leaf.right, Span):
        return situation.day - situation.calendar.day_of(episode.entered_at)
    return (situation.at - episode.entered_at) / _HOUR
