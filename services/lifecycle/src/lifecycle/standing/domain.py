"""Standing 狀態: where a member is by the policy. A pure, total function of facts, policy and time, without memory.

It depends on time through the business day alone, so it changes at the start of a day or with the facts.
"""

from collections.abc import Iterable
from datetime import datetime

from lifecycle.engine.domain import CompiledDimension, Engine
from lifecycle.engine.outlooks.domain import NEVER, Stood
from lifecycle.facts.domain import Facts

Standing = dict[str, str]
"""Dimension → value: a stage, a health, and the segments that the member is in, each under its own name. Never changed in
place.
"""


def standing(engine: Engine, facts: Facts, at: datetime) -> Standing:
    return standing_on(engine, facts, engine.calendar.day_of(at))[0]


def standing_on(engine: Engine, facts: Facts, day: int) -> tuple[Standing, int]:
    """The standing on a day, and a day before which it cannot change without new facts; at the latest its next change."""
    return stand(engine.dimensions, facts, day)


def stand(dimensions: Iterable[CompiledDimension], facts: Facts, day: int) -> tuple[Standing, int]:
    """The same in these dimensions, which ask no others."""
    now: Standing = {}
    soonest = NEVER
    stood: dict[str, tuple[str | None, int]] = {}
    for dimension in dimensions:
        stood[dimension.name] = value, until = _found(dimension, facts, day, stood)
        if value is not None:
            now[dimension.name] = value
        soonest = min(soonest, until)
    return now, soonest


def _found(dimension: CompiledDimension, facts: Facts, day: int, stood: Stood) -> tuple[str | None, int]:
    """The dimension's value, and a day before which none of what decided it flips."""
    soonest = NEVER
    for value, look in dimension.values:
        holds, until = look(facts, day, stood)
        soonest = min(soonest, until)
        if holds:
            return value, soonest
    return None, soonest


def next_change_at(engine: Engine, facts: Facts, at: datetime) -> datetime | None:
    """The first moment after `at` at which the standing differs, if no event comes; None when it never does."""
    now, until = standing_on(engine, facts, engine.calendar.day_of(at))
    while until < NEVER:
        then, further = standing_on(engine, facts, until)
        if then != now:
            return engine.calendar.start_of(until)
        until = further
    return None
