import pytest

from factories.conditions import accepted, refusals


@pytest.mark.parametrize(
    "text",
    [
        "orders.sum(3650d) >= 9223372036854775807",
        "orders.sum(1mo) > -9223372036854775808",
        "since(orders) > 3650w",
        "since(convert) > 87600h",
        "since(convert) > 5256000m",
        "since(convert) > 1mo",
    ],
)
def test_the_largest_and_the_smallest(text: str) -> None:
    accepted(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "orders.count(30) > 2",
            "1:14: a length of time needs its unit: write 30d for days (w for weeks, mo for months)",
        ),
        (
            "since(orders) > 30",
            "1:17: a length of time needs its unit: write 30d for days (w for weeks, mo for months)",
        ),
        ("30 < since(orders)", "1:1: a length of time needs its unit: write 30d for days (w for weeks, mo for months)"),
        (
            'since(orders) > "30d"',
            "1:17: a length of time is expected here, such as 30d, 4w or 1mo; found '\"30d\"'",
        ),
        (
            "since(orders) > 36h",
            (
                "1:17: '36h': here whole business days are counted, write 2d; hours and minutes only count from entering a stage, "
                "a health or a segment, in a rule: since(convert) > 36h"
            ),
        ),
        ("orders.count(0d) > 2", "1:14: '0d' is out of range: 1d to 3650d"),
        ("orders.count(3651mo) > 2", "1:14: '3651mo' is out of range: 1mo to 3650mo"),
        ("since(convert) > 0m", "1:18: '0m' is out of range: 1m to 5256000m"),
        ("since(convert) > 87601h", "1:18: '87601h' is out of range: 1h to 87600h"),
        ("orders.count > 2d", "1:16: a number without a unit is expected here: write 2 instead of '2d'"),
        ("orders.count > yes", "1:16: a whole number is expected here; found 'yes'"),
        ("orders.count > orders.days", "1:16: a whole number is expected here; found 'orders.days'"),
        ('orders.count in [1, "2"]', "1:21: a whole number is expected here; found '\"2\"'"),
        ("orders.count > 9223372036854775808", "1:16: '9223372036854775808' is too large a number"),
        ("orders.sum > -9223372036854775809", "1:14: '-9223372036854775809' is too large a number"),
    ],
)
def test_what_is_no_number_or_no_length_is_told(text: str, told: str) -> None:
    assert refusals(text) == [told]
