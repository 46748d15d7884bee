"""The year as steps of the virtual clock: what happens in each, in the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from demo.journey import Basket, Journey, Target

DRIFT = timedelta(microseconds=10)
"""Each step begins this much later in its part of the day than the one before, so that what falls due whole days after
one step lies before a later step, not on it, and needs no step of its own."""


@dataclass
class Step:
    """`at` is the virtual moment of everything in it."""

    at: datetime
    registrations: list[int] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    baskets: list[Basket] = field(default_factory=list)
    chat_day: date | None = None
    """The day whose chat is told in this step."""

    @property
    def empty(self) -> bool:
        return not (self.registrations or self.targets or self.baskets or self.chat_day)


def steps(journey: Journey, *, zone: ZoneInfo, length: timedelta) -> Iterator[Step]:
    """Every step in which something happens, from the first day to the last; a basket stands in the step of its time."""
    baskets = journey.baskets()
    basket = next(baskets, None)
    if basket is None:
        return
    registered: set[int] = set()
    targets = iter(journey.targets)
    target = next(targets, None)
    drift, start = timedelta(0), journey.midnight(basket.at.date())
    while basket is not None:
        end = _later(start, length, zone)
        step = Step(start + drift)
        noon = journey.midnight(start.date()).replace(hour=12)
        if start <= noon < end:
            step.chat_day = start.date()
        while basket is not None and basket.at < end:
            if basket.household not in registered:
                registered.add(basket.household)
                step.registrations.append(basket.household)
            step.baskets.append(basket)
            basket = next(baskets, None)
        while target is not None and target.at < end:
            step.targets.append(target)
            target = next(targets, None)
        if not step.empty:
            yield step
        drift, start = drift + DRIFT, end


def _later(start: datetime, length: timedelta, zone: ZoneInfo) -> datetime:
    """By the wall clock, so that days begin at midnight in every season."""
    return (start.replace(tzinfo=None) + length).replace(tzinfo=zone)
