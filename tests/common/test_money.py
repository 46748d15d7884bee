from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import exponent, format_minor, share

amounts = st.integers(0, 10**12)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any)


@given(amounts, weights)
def test_the_parts_sum_to_the_total(total: int, parts: list[int]) -> None:
    shared = share(total, parts)
    assert sum(shared) == total
    assert len(shared) == len(parts)


@given(amounts, weights)
def test_each_part_is_its_share_to_less_than_one_unit(total: int, parts: list[int]) -> None:
    for part, weight in zip(share(total, parts), parts, strict=True):
        exact = Fraction(total * weight, sum(parts))
        assert abs(part - exact) < 1
        assert part == 0 or weight > 0, "nothing falls on a weight of nothing"


@given(amounts, weights)
def test_the_units_left_over_go_to_the_largest_remainders_earlier_first(total: int, parts: list[int]) -> None:
    whole = sum(parts)
    rounded_up = [index for index, part in enumerate(share(total, parts)) if part > total * parts[index] // whole]
    order = sorted(range(len(parts)), key=lambda index: (-(total * parts[index] % whole), index))
    assert rounded_up == sorted(order[: len(rounded_up)])


@given(amounts, weights, st.integers(1, 1000))
def test_only_the_proportions_count(total: int, parts: list[int], factor: int) -> None:
    assert share(total, parts) == share(total, [weight * factor for weight in parts])


def test_nothing_is_shared_over_anything() -> None:
    assert share(0, []) == []
    assert share(0, [0, 0]) == [0, 0]
    assert share(100, [1, 1, 1]) == [34, 33, 33]


@pytest.mark.parametrize(("total", "parts"), [(-1, [1]), (1, [-1, 2]), (1, []), (1, [0, 0])])
def test_what_cannot_be_shared(total: int, parts: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot share"):
        share(total, parts)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (123456, "CNY", "CNY 1,234.56"),
        (5, "CNY", "CNY 0.05"),
        (0, "USD", "USD 0.00"),
        (-123456, "USD", "USD -1,234.56"),
        (-5, "USD", "USD -0.05"),
        (1234567, "JPY", "JPY 1,234,567"),
        (1234, "KWD", "KWD 1.234"),
        (10**14, "CNY", "CNY 1,000,000,000,000.00"),
    ],
)
def test_an_amount_in_its_major_unit(amount: int, currency: str, text: str) -> None:
    assert format_minor(amount, currency) == text


@given(st.integers(-(10**12), 10**12), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_no_amount_is_lost_in_its_text(amount: int, currency: str) -> None:
    digits = format_minor(amount, currency).partition(" ")[2].replace(",", "")
    assert Fraction(digits) * 10 ** exponent(currency) == amount
