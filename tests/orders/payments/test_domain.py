import pytest

from orders.payments.domain import Unwelcome, why_unwanted


@pytest.mark.parametrize(
    ("status", "paid_minor", "paid_currency", "why"),
    [
        ("cancelled", 100, "CNY", "late"),
        ("confirmed", 100, "CNY", "duplicate"),
        ("picked_up", 100, "CNY", "duplicate"),
        ("refunded", 100, "CNY", "duplicate"),
        ("pending_payment", 99, "CNY", "amount_mismatch"),
        ("cancelled", 101, "CNY", "amount_mismatch"),
        ("confirmed", 100, "USD", "amount_mismatch"),
    ],
)
def test_why_money_goes_back(status: str, paid_minor: int, paid_currency: str, why: Unwelcome) -> None:
    found = why_unwanted(
        order_status=status,
        amount_minor=100,
        currency="CNY",
        paid_minor=paid_minor,
        paid_currency=paid_currency,
    )
    assert found == why
