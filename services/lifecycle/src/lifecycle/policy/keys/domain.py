"""The key 鍵 under which a rule acts once: nothing for `once`, the year, chosen fields and measures, or what its trigger gives.

A trigger gives value#episode for a value, the event's id for an event, the calendar's period for a date, the enrolment's id.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from common.contracts.event import Event
from lifecycle.calendars.domain import EPOCH
from lifecycle.conditions.expressions.domain import Plain
from lifecycle.facts.distincts.domain import size
from lifecycle.facts.domain import Facts, distinct_of, tally_of
from lifecycle.facts.events.domain import field_of
from lifecycle.facts.measures.domain import last_of, streak_of
from lifecycle.policy.dates.domain import Told, Yearly
from lifecycle.policy.rulebook.domain import EachYear, Per, Rule

NOTHING = "-"
"""Of what is absent."""


def key_of(rule: Rule, told: Told, *, natural: str, at: datetime, event: Event | None = None) -> str:
    """`natural`: what the trigger gives; `told`: by the moment of the trigger."""
    match rule.reentry:
        case "once":
            return ""
        case EachYear() if not isinstance(rule.trigger, Yearly):
            return str(at.astimezone(told.zone(rule.clock)).year)
        case Per(fields):
            return "/".join(_asked(field, told, event) for field in fields)
    return natural


def _asked(field: str, told: Told, event: Event | None) -> str:
    metric, _, measure = field.rpartition(".")
    value: date | Plain | None = None
    if metric:
        value = MEASURES[measure](told.facts, told.places[metric])
    elif event is not None:
        value = field_of(event, field)
    return NOTHING if value is None else _apart(str(value))


def _apart(text: str) -> str:
    """A text that neither looks like two, nor like none."""
    return f"\\{text}" if text == NOTHING else text.replace("\\", "\\\\").replace("/", "\\/")


def _streak_start(facts: Facts, metric: int) -> date | None:
    last = last_of(facts, (metric,))
    return None if last is None else _date(last - streak_of(tally_of(facts, metric)) + 1)


def _first(facts: Facts, metric: int) -> date | None:
    tally = tally_of(facts, metric)
    return None if tally is None or tally.first is None else _date(tally.first)


def _last(facts: Facts, metric: int) -> date | None:
    last = last_of(facts, (metric,))
    return None if last is None else _date(last)


def _count(facts: Facts, metric: int) -> int:
    tally = tally_of(facts, metric)
    return 0 if tally is None else tally.total_count


def _days(facts: Facts, metric: int) -> int:
    tally = tally_of(facts, metric)
    return 0 if tally is None else tally.days


def _distinct(facts: Facts, metric: int) -> int:
    values = distinct_of(facts, metric)
    return 0 if values is None else size(values)


def _date(day: int) -> date:
    return date.fromordinal(day + EPOCH)


MEASURES: Mapping[str, Callable[[Facts, int], date | int | None]] = {
    "streak": lambda facts, metric: streak_of(tally_of(facts, metric)),
    "streak_start": _streak_start,
    "first": _first,
    "last": _last,
    "count": _count,
    "days": _days,
    "distinct": _distinct,
}
"""What of a metric may be part of a key."""
