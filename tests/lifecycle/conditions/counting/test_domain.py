import pytest

from factories.conditions import accepted, refusals


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("orders.count > 2", "orders.count(all) > 2"),
        ("orders.count() > 2", "orders.count(all) > 2"),
        ("2 < orders.days(4w)", "orders.days(4w) > 2"),
        ("2 <> orders.days(4w)", "orders.days(4w) != 2"),
        ("chat.sum(14d) >= 10", "chat.sum(14d) >= 10"),
        ("orders.distinct() = 3", "orders.distinct == 3"),
        ("checkins.streak in [7,14, 30]", "checkins.streak in [7, 14, 30]"),
        ("checkins.streak not in [7]", "not checkins.streak in [7]"),
        ("orders.count(30d) in 2..5", "orders.count(30d) in 2..5"),
        ("orders.count(30d) in 2..2", "orders.count(30d) in 2..2"),
        ("orders.pace * 2 <= 10", "2 * orders.pace <= 10"),
        ("10 >= 1 * (orders.pace)", "orders.pace <= 10"),
    ],
)
def test_ways_to_write(text: str, printed: str) -> None:
    assert str(accepted(text)) == printed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "orders.cuont > 2",
            (
                "1:1: 'cuont' cannot be asked of a metric; did you mean 'count'? "
                "These can: count, sum, days, distinct, streak, pace"
            ),
        ),
        ("orders.x > 2", "1:1: 'x' cannot be asked of a metric; these can: count, sum, days, distinct, streak, pace"),
        (
            "order.count > 2",
            "1:1: 'order' is not a metric; did you mean 'orders'? There are: joined, chat, orders, checkins",
        ),
        ("count(orders, 30d) > 2", "1:1: the metric comes first: write orders.count(30d)"),
        ("streak(checkins) = 7", "1:1: the metric comes first: write checkins.streak"),
        (
            "total(30d) > 2",
            "1:1: nothing is asked as 'total(…)'; with brackets there are: never, since, clamp, in, consent",
        ),
        (
            "clamp(orders.pace, 3d, 9d) > 2",
            "1:1: what is counted of a metric is expected here, such as orders.count(30d); found 'clamp(orders.pace, 3d, 9d)'",
        ),
        (
            "a.b.c > 2",
            "1:1: what is counted of a metric is expected here, such as orders.count(30d); found 'a.b.c'",
        ),
        (
            "checkins.sum(7d) > 2",
            (
                "1:1: the metric 'checkins' sums nothing; "
                "give it a field to sum where it is declared, or ask checkins.count"
            ),
        ),
        (
            "chat.distinct > 2",
            (
                "1:1: the metric 'chat' keeps no distinct values; "
                "give it a field, distinct, where it is declared, or ask chat.count"
            ),
        ),
        (
            "orders.count(30d, 7d) > 2",
            "1:14: one window stands in these brackets, such as 30d, or all; found '30d, 7d'",
        ),
        ("orders.count(ever) > 2", "1:14: one window stands in these brackets, such as 30d, or all; found 'ever'"),
        ("checkins.streak(7d) > 2", "1:17: streak is asked over all time and takes no window; found '7d'"),
        (
            "0 * orders.pace > 3",
            "1:1: only a pace is multiplied, once, by 1 to 100: 2 * orders.pace; found '0 * orders.pace'",
        ),
        (
            "2 * orders.count > 3",
            "1:1: only a pace is multiplied, once, by 1 to 100: 2 * orders.pace; found '2 * orders.count'",
        ),
        ("2 * 3 > 3", "1:1: only a pace is multiplied, once, by 1 to 100: 2 * orders.pace; found '2 * 3'"),
        (
            "2 * order.pace > 3",
            "1:5: 'order' is not a metric; did you mean 'orders'? There are: joined, chat, orders, checkins",
        ),
        ("orders.count(30d) in 5..2", "1:22: a range starts with its lower end: 2..5"),
        ("orders.count in -2..-5", "1:17: a range starts with its lower end: -5..-2"),
        ("orders.count in 1..2d", "1:20: a number without a unit is expected here: write 2 instead of '2d'"),
    ],
)
def test_what_cannot_be_counted_is_told(text: str, told: str) -> None:
    assert refusals(text) == [told]
