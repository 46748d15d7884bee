from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.calendars.domain import EPOCH, Span, back
from lifecycle.explanations.domain import explain, outcome, read
from lifecycle.expressions.domain import Aged, And, Clamp, Compare, Condition, Count, Days, Never, Or, Pace, Since, Sum
from lifecycle.facts.domain import Facts
from lifecycle.tallies.domain import cells, gathered

LAW = settings(max_examples=200, deadline=None)
TODAY = date(2026, 3, 30).toordinal() - EPOCH


@LAW
@given(data=st.data())
def test_the_leaf_values_alone_give_the_outcome(
    data: st.DataObject,
    some_facts: st.SearchStrategy[Facts],
    some_conditions: st.SearchStrategy[Condition],
    numbers: dict[str, int],
) -> None:
    facts, condition, day = data.draw(some_facts), data.draw(some_conditions), TODAY + data.draw(st.integers(0, 90))
    explanation = explain(condition, facts, day, numbers)
    assert outcome(condition, explanation.values) == explanation.truth


@LAW
@given(data=st.data(), span=st.builds(Span, st.integers(1, 30), st.sampled_from(["d", "w", "mo"])))
def test_windows_hold_the_days_they_name(
    data: st.DataObject, some_facts: st.SearchStrategy[Facts], span: Span, numbers: dict[str, int]
) -> None:
    facts, day = data.draw(some_facts), TODAY + data.draw(st.integers(-40, 90))
    tally = facts.get(numbers["orders"])
    within = [cell for cell in ([] if tally is None else cells(tally)) if back(day, span) < cell[0] <= day]
    assert read(Count("orders", span), facts, day, numbers) == sum(count for _, count, _ in within)
    assert read(Sum("orders", span), facts, day, numbers) == sum(amount for _, _, amount in within)
    assert read(Days("orders", span), facts, day, numbers) == sum(count > 0 for _, count, _ in within)


def test_an_explanation_names_what_decided(numbers: dict[str, int]) -> None:
    tally = gathered([(TODAY - 40, 1, 0), (TODAY - 20, 1, 0)])
    assert tally is not None
    at_risk = Or(
        (
            Aged(Since(("orders",)), ">", Clamp(Pace("orders", 2), Span(14), Span(1, "mo"))),
            And((Never(("orders",)), Aged(Since(("engaged", "joined")), ">", Span(7)))),
        )
    )
    explanation = explain(at_risk, {numbers["orders"]: tally}, TODAY, numbers)
    assert not explanation.truth
    assert explanation.values == {"since(orders)": 20, "2 * orders.pace": 40.0, "1mo": 30}
    nothing = explain(at_risk, {}, TODAY, numbers)
    assert nothing.values["since(orders)"] is None
    assert not nothing.truth


def test_what_never_happened_counts_nothing_and_has_no_age(numbers: dict[str, int]) -> None:
    assert explain(Compare(Count("orders"), "<", 1), {}, TODAY, numbers).truth
    assert not explain(Aged(Since(("orders",)), "<=", Span(1)), {}, TODAY, numbers).truth
    assert not explain(Compare(Pace("orders"), "!=", 3), {}, TODAY, numbers).truth
