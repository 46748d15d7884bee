import pytest

from factories.conditions import accepted, refusals


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("7d < since(chat)", "since(chat) > 7d"),
        ("since( orders ,chat )>=1mo", "since(orders, chat) >= 1mo"),
        ("2 * orders.pace < since(orders)", "since(orders) > 2 * orders.pace"),
        ("since(orders) < orders.pace * 3", "since(orders) < 3 * orders.pace"),
        ("clamp(orders.pace, 2w, 30d) < since(orders)", "since(orders) > clamp(orders.pace, 2w, 30d)"),
        ("since(orders) > clamp(orders.pace, 30d, 1mo)", "since(orders) > clamp(orders.pace, 30d, 1mo)"),
        ('never("orders")', "never(orders)"),
        ("36h <= since(convert)", "since(convert) >= 36h"),
        ("since(loyal) > 120m", "since(loyal) > 2h"),
        ("since(lost) > 2d", "since(lost) > 2d"),
        ("30d < since(joined) - since(orders)", "since(joined) - since(orders) > 30d"),
        ("since(joined) - since(orders) = 30d", "since(joined) - since(orders) == 30d"),
    ],
)
def test_ways_to_write(text: str, printed: str) -> None:
    assert str(accepted(text)) == printed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "since(orders) = 7d",
            (
                "1:1: an age is compared by >, >=, < or <=, by which time alone tells the next change; "
                "so write since(orders) >= 7d and since(orders) <= 7d"
            ),
        ),
        (
            "since(orders) != 7d",
            (
                "1:1: an age is compared by >, >=, < or <=, by which time alone tells the next change; "
                "so write (since(orders) < 7d or since(orders) > 7d)"
            ),
        ),
        (
            "since(orders) in 7d..14d",
            (
                "1:1: an age is compared by >, >=, < or <=, by which time alone tells the next change; "
                "so write since(orders) >= 7d and since(orders) <= 14d"
            ),
        ),
        (
            "since(orders) in [7d]",
            "1:1: an age is compared with one length of time, by >, >=, < or <=; found '[7d]'",
        ),
        (
            "since(joined) > since(orders)",
            "1:17: two ages are compared by their difference, in a rule: since(joined) - since(orders) >= 1d",
        ),
        (
            "since(joined) >= since(orders)",
            "1:18: two ages are compared by their difference, in a rule: since(orders) - since(joined) < 1d",
        ),
        (
            "since(orders) > orders.count",
            (
                "1:17: an age is compared with a length of time or a pace: 30d, 2 * orders.pace, "
                "clamp(2 * orders.pace, 14d, 30d); found 'orders.count'"
            ),
        ),
        (
            "since(orders) > clamp(orders.pace, 14d)",
            (
                "1:17: clamp holds a pace between two lengths of time: clamp(2 * orders.pace, 14d, 30d); "
                "found 'clamp(orders.pace, 14d)'"
            ),
        ),
        (
            "since(orders) > clamp(orders.count, 14d, 30d)",
            (
                "1:17: clamp holds a pace between two lengths of time: clamp(2 * orders.pace, 14d, 30d); "
                "found 'clamp(orders.count, 14d, 30d)'"
            ),
        ),
        (
            "since(orders) > clamp(orders.pace, 30d, 2w)",
            "1:36: the lower length comes first, and 30d is longer than 2w: clamp(…, 2w, 30d)",
        ),
        (
            "since(orders) > clamp(orders.pace, 32d, 1mo)",
            "1:36: the lower length comes first, and 32d is longer than 1mo: clamp(…, 1mo, 32d)",
        ),
        (
            "since(joined) - 30d > since(orders)",
            "1:1: only one age is subtracted from another: since(joined) - since(orders) > 30d; found 'since(joined) - 30d'",
        ),
        (
            "since(joined) - since(orders) in [30d]",
            "1:1: an age is compared with one length of time, by >, >=, < or <=; found '[30d]'",
        ),
        ("since(joined) - since(orders) > 0d", "1:33: '0d' is out of range: 1d to 3650d"),
        ("never()", "1:1: a metric stands in these brackets; there are: joined, chat, orders, checkins"),
        ("since() > 7d", "1:1: a metric stands in these brackets; there are: joined, chat, orders, checkins"),
        (
            "since(convert, orders) > 7d",
            "1:7: since takes metrics, or one stage, health or segment; 'since(convert, orders)' mixes them",
        ),
        (
            "since(convert) = 7d",
            (
                "1:1: an age is compared by >, >=, < or <=, by which time alone tells the next change; "
                "so write since(convert) >= 7d and since(convert) <= 7d"
            ),
        ),
    ],
)
def test_what_is_no_age_or_no_bound_is_told(text: str, told: str) -> None:
    assert refusals(text) == [told]
