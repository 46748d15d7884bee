"""Holdouts: fixed for a unit, independent between experiments, nested when the share grows (law 15)."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.policy.holdouts.domain import BUCKETS, Holdout, arm_of, bucket_of

UNITS = [f"01920000-0000-7000-8000-{n:012d}" for n in range(20_000)]
CHI2_999 = {9: 27.88, 81: 126.1}
"""The 99.9 % points of χ², by degrees of freedom."""


def tenth(salt: str, unit: str) -> int:
    return bucket_of(salt, unit) * 10 // BUCKETS


def chi2(seen: Counter[tuple[int, int]]) -> float:
    """How far from even over the cells of two independent tenths."""
    expected = len(UNITS) / 100
    return sum((seen[one, other] - expected) ** 2 / expected for one, other in product(range(10), repeat=2))


def test_buckets_are_even() -> None:
    seen = Counter(tenth("global-2026q4", unit) for unit in UNITS)
    expected = len(UNITS) / 10
    assert sum((seen[n] - expected) ** 2 / expected for n in range(10)) < CHI2_999[9]


def test_two_salts_are_independent() -> None:
    seen = Counter((tenth("global-2026q4", unit), tenth("at_risk", unit)) for unit in UNITS)
    assert chi2(seen) < CHI2_999[81]


def test_one_salt_for_two_experiments_would_show() -> None:
    """The negative control: the same members are held out of both."""
    seen = Counter((tenth("same", unit), tenth("same", unit)) for unit in UNITS)
    assert chi2(seen) > CHI2_999[81]


@given(
    unit=st.text(),
    salt=st.text(min_size=1, max_size=64),
    shares=st.tuples(st.integers(0, BUCKETS), st.integers(0, BUCKETS)),
)
def test_a_larger_share_holds_out_the_same_units_and_more(unit: str, salt: str, shares: tuple[int, int]) -> None:
    small, large = (arm_of(Holdout(salt=salt, share=share), unit) for share in sorted(shares))
    assert small == "treated" or large == "held_out"


@pytest.mark.parametrize(("share", "arm"), [(0, "treated"), (BUCKETS, "held_out")])
def test_nobody_and_everybody(share: int, arm: str) -> None:
    assert {arm_of(Holdout(salt="s", share=share), unit) for unit in UNITS[:100]} == {arm}


@given(salt=st.text(min_size=1, max_size=64), unit=st.text())
def test_salt_and_unit_do_not_run_together(salt: str, unit: str) -> None:
    assert 0 <= bucket_of(salt, unit) < BUCKETS
    assert bucket_of(f"{salt}/a", unit) != bucket_of(salt, f"a/{unit}") or bucket_of(f"{salt}/b", unit) != bucket_of(
        salt, f"b/{unit}"
    )
