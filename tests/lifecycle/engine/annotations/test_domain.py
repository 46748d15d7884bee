from datetime import timedelta

import pytest
from hypothesis import given

from factories.lifecycle_conditions import atoms, composed, rules_atoms, situations
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import (
    Aged,
    Among,
    And,
    Attribute,
    Between,
    Clamp,
    Compare,
    Condition,
    Count,
    Gap,
    Hour,
    In,
    Never,
    Not,
    OnHoliday,
    Or,
    Pace,
    Said,
    Since,
    Stands,
    Stayed,
    Sum,
)
from lifecycle.engine.annotations.domain import annotated, shown_reading
from lifecycle.engine.explanations.domain import explain
from lifecycle.engine.readings.domain import Reading, Situation

ORDERED = Compare(Count("orders", Span(30)), ">=", 2)


@given(condition=composed(atoms() | rules_atoms(), leaves=8))
def test_without_values_a_condition_is_printed_as_it_is_written(condition: Condition) -> None:
    assert annotated(condition, {}) == str(condition)


@given(asked=situations(), condition=composed(atoms() | rules_atoms(), leaves=8))
def test_every_value_that_decided_is_printed_beside_its_leaf(asked: Situation, condition: Condition) -> None:
    explanation = explain(condition, asked)
    printed = annotated(condition, explanation.values)
    for name, reading in explanation.values.items():
        stem = name.removesuffix(" in hours").removeprefix("since").strip("()")
        assert stem in printed
        assert reading is None or shown_reading(reading) in printed
    assert (" = " in printed) is bool(explanation.values)


@pytest.mark.parametrize(
    ("condition", "values", "printed"),
    [
        (ORDERED, {"orders.count(30d)": 3}, "orders.count(30d) = 3 >= 2"),
        (Among(Sum("chat"), (3, 5)), {"chat.sum(all)": 4}, "chat.sum(all) = 4 in [3, 5]"),
        (Between(Count("orders"), 2, 4), {"orders.count(all)": 4}, "orders.count(all) = 4 in 2..4"),
        (Aged(Since(("orders", "chat")), ">", Span(7)), {"since(orders, chat)": 8}, "since(orders, chat) = 8d > 7d"),
        (Aged(Since(("orders",)), ">", Span(7)), {"since(orders)": None}, "since(orders) = — > 7d"),
        (
            Aged(Since(("orders",)), ">", Clamp(Pace("orders", 2), Span(14), Span(1, "mo"))),
            {"since(orders)": 20, "2 * orders.pace": 12.3333333, "1mo": 30},
            "since(orders) = 20d > clamp(2 * orders.pace = 12.33d, 14d, 1mo = 30d)",
        ),
        (
            Gap(Since(("orders",)), Since(("chat",)), "==", Span(1, "w")),
            {"since(orders)": 9, "since(chat)": 2},
            "since(orders) = 9d - since(chat) = 2d == 1w",
        ),
        (Never(("orders",)), {"since(orders)": None}, "never(orders) = yes"),
        (Never(("orders",)), {"since(orders)": 3}, "never(orders) = no, 3d ago"),
        (Stayed("loyal", ">=", Span(2)), {"since(loyal)": 3}, "since(loyal) = 3d >= 2d"),
        (Stayed("loyal", "<", timedelta(hours=2)), {"since(loyal) in hours": 1.5}, "since(loyal) = 1.5h < 2h"),
        (Attribute("source", ("store",)), {"source": "wechat"}, 'source = "wechat" == "store"'),
        (Stands("stage", ("retain", "convert")), {"stage": "acquire"}, 'stage = "acquire" in [retain, convert]'),
        (Said("amount", ">=", (7,)), {"event.amount": 9}, "event.amount = 9 >= 7"),
        (In("loyal"), {"in(loyal)": False}, "in(loyal) = no"),
        (Not(OnHoliday()), {"holiday": True}, "not holiday = yes"),
        (Hour(22, 8), {"hour": 23}, "hour = 23 in 22..8"),
        (Or((ORDERED, In("loyal"))), {"orders.count(30d)": 2}, "orders.count(30d) = 2 >= 2 or in(loyal)"),
        (
            And((Or((ORDERED, In("loyal"))), Not(And((ORDERED, OnHoliday()))))),
            {"orders.count(30d)": 1, "in(loyal)": True},
            "(orders.count(30d) = 1 >= 2 or in(loyal) = yes) and not (orders.count(30d) = 1 >= 2 and holiday)",
        ),
    ],
    ids=str,
)
def test_values_stand_where_they_decided(condition: Condition, values: dict[str, Reading], printed: str) -> None:
    assert annotated(condition, values) == printed
