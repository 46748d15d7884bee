from hypothesis import given, settings
from hypothesis import strategies as st

from factories.lifecycle_conditions import NUMBERS, TODAY, atoms, rules_atoms, situation, situations, some_facts
from lifecycle.calendars.domain import Span, back
from lifecycle.conditions.expressions.domain import Condition, Count, Days, Streak, Sum
from lifecycle.engine.readings.domain import Asked, Readable, Reading, Situation, lookup, name_of
from lifecycle.facts.domain import Facts, tally_of
from lifecycle.facts.tallies.domain import cells

LAW = settings(max_examples=200, deadline=None)


def read(leaf: Readable, asked: Situation) -> Reading:
    return lookup(leaf).read(asked)


@LAW
@given(
    facts=some_facts(),
    span=st.builds(Span, st.integers(1, 30), st.sampled_from(["d", "w", "mo"])),
    day=st.integers(TODAY - 40, TODAY + 90),
)
def test_windows_hold_the_days_they_name(facts: Facts, span: Span, day: int) -> None:
    asked, tally = situation(facts, day), tally_of(facts, NUMBERS["orders"])
    within = [cell for cell in ([] if tally is None else cells(tally)) if back(day, span) < cell[0] <= day]
    assert read(Count("orders", span), asked) == sum(count for _, count, _ in within)
    assert read(Sum("orders", span), asked) == sum(amount for _, _, amount in within)
    assert read(Days("orders", span), asked) == sum(count > 0 for _, count, _ in within)


@LAW
@given(facts=some_facts())
def test_a_streak_is_the_days_in_a_row_up_to_the_last(facts: Facts) -> None:
    tally = tally_of(facts, NUMBERS["orders"])
    kept = {day for day, count, _ in ([] if tally is None else cells(tally)) if count > 0}
    streak = read(Streak("orders"), situation(facts, TODAY))
    assert isinstance(streak, int)
    run = {max(kept, default=0) - days for days in range(streak)}
    assert run <= kept
    assert max(kept, default=0) - streak not in kept


@LAW
@given(one=atoms() | rules_atoms(), other=atoms() | rules_atoms(), asked=situations())
def test_leaves_of_one_name_have_one_value(one: Condition, other: Condition, asked: Situation) -> None:
    if isinstance(one, Asked) and isinstance(other, Asked) and name_of(one) == name_of(other):
        assert read(one, asked) == read(other, asked)
