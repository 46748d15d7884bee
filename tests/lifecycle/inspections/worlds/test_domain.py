from datetime import date
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.event import Event
from factories.policies import DEFAULT_POLICY, SMALL_POLICY
from lifecycle.calendars.domain import EPOCH, Span, length
from lifecycle.facts.events.domain import EVENTS
from lifecycle.inspections.worlds.domain import World, longest, only_grows, shortest, sums_only_grow, world_of
from lifecycle.policy.sources.domain import Metric

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1)).map(lambda day: day.toordinal() - EPOCH)
SPANS = st.builds(Span, st.integers(1, 40), st.sampled_from(["d", "w", "mo"]))


@given(span=SPANS, day=DAYS)
def test_a_window_has_at_least_and_at_most_so_many_days(span: Span, day: int) -> None:
    assert shortest(span) <= length(span, day) <= longest(span)
    assert shortest(None) == longest(None) == inf
    assert span.unit == "mo" or shortest(span) == longest(span)


def test_a_world_has_all_that_conditions_may_ask() -> None:
    world = world_of(DEFAULT_POLICY)
    assert world.metrics.keys() == {metric.name for metric in DEFAULT_POLICY.metrics}
    assert world.segments.keys() == {segment.name for segment in DEFAULT_POLICY.segments}
    assert [*world.dimensions] == ["stage", "health"]
    assert {world.kinds[name] for name in world.kinds if name.startswith("consent_")} == {"yes_no"}
    assert world.holidays == bool(DEFAULT_POLICY.holidays)


@pytest.mark.parametrize(
    ("metric", "grows", "sums"),
    [("joined", True, False), ("chat", True, True), ("orders", False, False), ("checkins", True, False)],
)
def test_what_is_never_taken_back_only_grows(metric: str, grows: bool, sums: bool) -> None:
    """And so does its sum, if the field that is summed is never below zero."""
    world = world_of(SMALL_POLICY)
    assert (only_grows(world, metric), sums_only_grow(world, metric)) == (grows, sums)


def test_a_number_that_may_be_below_zero_takes_its_sum_along() -> None:
    class Weighed(Event, frozen=True, kw_only=True):
        NAME = "weighed"
        grams: int

    metric = Metric(name="weight", number=9, events=("weighed",), sums="grams")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EVENTS, "weighed", Weighed)
        world = World(metrics={"weight": metric})
        assert (only_grows(world, "weight"), sums_only_grow(world, "weight")) == (True, False)
