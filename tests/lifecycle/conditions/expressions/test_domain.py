import msgspec
import pytest

from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import (
    Aged,
    Always,
    And,
    Clamp,
    Compare,
    Condition,
    Count,
    Days,
    Never,
    Not,
    Or,
    Pace,
    Since,
    Sum,
    metrics_of,
    walk,
)

BUYING = Compare(Count("orders", Span(30)), ">=", 2)
SILENT = Aged(Since(("chat",)), ">", Span(7))


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        (And((BUYING, SILENT)), "orders.count(30d) >= 2 and since(chat) > 7d"),
        (Or((And((BUYING, SILENT)), Always())), "orders.count(30d) >= 2 and since(chat) > 7d or always"),
        (And((Or((BUYING, SILENT)), Always())), "(orders.count(30d) >= 2 or since(chat) > 7d) and always"),
        (Not(And((BUYING, SILENT))), "not (orders.count(30d) >= 2 and since(chat) > 7d)"),
        (Not(Not(Never(("orders", "chat")))), "not not never(orders, chat)"),
        (Compare(Days("engaged"), "==", 0), "engaged.days(all) == 0"),
        (Compare(Sum("orders", Span(3, "mo")), "<", 100), "orders.sum(3mo) < 100"),
        (
            Aged(Since(("orders", "chat")), "<=", Clamp(Pace("orders", 2), Span(2, "w"), Span(30))),
            "since(orders, chat) <= clamp(2 * orders.pace, 2w, 30d)",
        ),
        (Compare(Pace("orders"), "<=", 10), "orders.pace <= 10"),
    ],
)
def test_a_tree_prints_as_an_operator_writes_it(condition: Condition, shown: str) -> None:
    assert str(condition) == shown


def test_a_tree_survives_being_data() -> None:
    condition: Condition = Or((And((BUYING, Not(SILENT))), Never(("orders",))))
    assert msgspec.json.decode(msgspec.json.encode(condition), type=Condition) == condition


@pytest.mark.parametrize(
    "unbounded",
    [
        b'{"node":"aged","left":{"node":"since","metrics":["a"]},"op":">","right":{"node":"since","metrics":["b"]}}',
        b'{"node":"aged","left":{"node":"since","metrics":["a"]},"op":"==","right":{"node":"span","n":3}}',
        b'{"node":"aged","left":{"node":"since","metrics":["a"]},"op":">","right":{"node":"span","n":6,"unit":"h"}}',
        b'{"node":"compare","left":{"node":"since","metrics":["a"]},"op":">","right":3}',
        b'{"node":"hour","op":">","right":3}',
        b'{"node":"and","conditions":[]}',
        b'{"node":"never","metrics":[]}',
    ],
)
def test_what_has_no_bounded_next_change_is_no_tree(unbounded: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(unbounded, type=Condition)


def test_walking_meets_every_metric() -> None:
    tree = Or((And((BUYING, SILENT)), Not(Aged(Since(("joined",)), ">", Clamp(Pace("visits"), Span(1), Span(2))))))
    assert {name for node in walk(tree) for name in metrics_of(node)} == {"orders", "chat", "joined", "visits"}
