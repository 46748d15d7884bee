import pytest

from factories.conditions import refusals
from lifecycle.conditions.grammar.domain import MOST_CHARACTERS, parse
from lifecycle.conditions.syntax.domain import Call, Compared, Joined, Length, Name, Negated, Number


def test_syntax_carries_its_places() -> None:
    assert parse(" not orders.count(30d) >= -2 or x").tree == Joined(
        1,
        33,
        "or",
        (
            Negated(
                1,
                28,
                Compared(
                    5,
                    28,
                    Call(5, 22, Name(5, 17, ("orders", "count")), (Length(18, 21, 30, "d"),)),
                    ">=",
                    Number(26, 28, -2),
                ),
            ),
            Name(32, 33, ("x",)),
        ),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: nothing is written here; what holds for everybody is written always"),
        (" \n\t", "1:1: nothing is written here; what holds for everybody is written always"),
        ("always and", "1:11: something is missing after 'and'"),
        ("always and\n", "1:11: something is missing after 'and'"),
        ("or always", "1:1: something is missing before 'or'"),
        ("always and and always", "1:12: something is missing before 'and'"),
        ("orders.count >", "1:15: something is missing after '>'"),
        ("orders.", "1:8: something is missing after '.'"),
        ("orders.(30d) > 2", "1:8: something is missing before '('"),
        ("since(orders) > -30d", "1:18: something is missing before '30d'"),
        ("in [1]", "1:1: something is missing before 'in'"),
        ("orders.streak in []", "1:19: something is missing before ']'"),
        ("never(orders,) and always", "1:14: something is missing before ')'"),
        (
            "always orders",
            "1:8: 'orders' cannot follow 'always'; conditions are joined by and, or, and names by commas",
        ),
        (
            "never(orders chat)",
            "1:14: 'chat' cannot follow 'orders'; conditions are joined by and, or, and names by commas",
        ),
        ("always and\n(never(orders) or always", "2:1: the '(' that opens here is not closed"),
        ("orders.streak in [7, 14) or always", "1:18: the '[' that opens here is not closed"),
        (
            "orders.count(30d > 2",
            "1:18: '>' cannot follow '30d'; conditions are joined by and, or, and names by commas",
        ),
        ("always) and always", "1:7: this ')' closes nothing"),
        ("orders.count > 2]", "1:17: this ']' closes nothing"),
        (
            "orders.sum >= 1,000",
            "1:16: a comma stands only between brackets; 1,000 is written 1000, and conditions are joined by and, or",
        ),
        ("orders.count = 2..5", "1:17: a range follows the word in: orders.count(30d) in 2..5"),
        (
            "orders.count + 1 > 2",
            "1:14: there is no '+': a pace may be multiplied, 2 * orders.pace, and ages subtracted, nothing else",
        ),
        (
            "orders.sum > 5%",
            "1:15: there is no '%': a pace may be multiplied, 2 * orders.pace, and ages subtracted, nothing else",
        ),
        (
            "7d < since(chat) <= 30d",
            "1:18: two comparisons are written one by one: 7d < since(chat) and since(chat) <= 30d",
        ),
        (
            "stage in convert",
            "1:10: after in stands a list in square brackets, [a, b], or a range, 2..5; found 'convert'",
        ),
        ("stage in (a)", "1:10: after in stands a list in square brackets, [a, b], or a range, 2..5; found '(a)'"),
        ("never orders", "1:7: brackets are missing: never(orders)"),
        ("since orders > 7d", "1:7: brackets are missing: since(orders)"),
        ("always and in loyal", "1:12: something is missing before 'in'"),
    ],
)
def test_what_cannot_be_read_is_told_where_it_stands(text: str, told: str) -> None:
    assert refusals(text) == [told]


def test_a_condition_is_bounded_in_length() -> None:
    assert parse("always".ljust(MOST_CHARACTERS)).faults == ()
    assert refusals("x" * (MOST_CHARACTERS + 1)) == [
        "1:2001: a condition has at most 2000 characters, this one has 2001; a part of it may become a segment"
    ]
