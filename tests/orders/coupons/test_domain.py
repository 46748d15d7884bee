from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.coupons.domain import CouponTerms, discount_of
from orders.errors import CouponNotApplicable

NOW = datetime(2026, 3, 2, tzinfo=UTC)
COUPON = CouponTerms(
    coupon_id=UUID(int=1),
    value_minor=500,
    minimum_spend_minor=2000,
    currency="CNY",
    valid_from=NOW,
    expires_at=NOW + timedelta(days=1),
    status="issued",
)


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_coupon_takes_off_at_most_what_is_eligible(value: int, minimum: int, eligible: int) -> None:
    coupon = replace(COUPON, value_minor=value, minimum_spend_minor=minimum)
    if eligible < minimum:
        with pytest.raises(CouponNotApplicable):
            discount_of(coupon, eligible_minor=eligible, currency="CNY", now=NOW)
    else:
        assert discount_of(coupon, eligible_minor=eligible, currency="CNY", now=NOW) == min(value, eligible) > 0


@pytest.mark.parametrize(
    ("coupon", "eligible"),
    [
        (replace(COUPON, status="locked"), 5000),
        (replace(COUPON, status="redeemed"), 5000),
        (replace(COUPON, status="expired"), 5000),
        (replace(COUPON, valid_from=NOW + timedelta(microseconds=1)), 5000),
        (replace(COUPON, expires_at=NOW), 5000),
        (replace(COUPON, currency="USD"), 5000),
        (COUPON, 1999),
        (replace(COUPON, value_minor=0), 5000),
        (replace(COUPON, minimum_spend_minor=0), 0),
    ],
)
def test_a_coupon_is_refused_rather_than_spent_for_nothing(coupon: CouponTerms, eligible: int) -> None:
    with pytest.raises(CouponNotApplicable):
        discount_of(coupon, eligible_minor=eligible, currency="CNY", now=NOW)
