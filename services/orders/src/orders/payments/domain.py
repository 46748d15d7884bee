"""What a payment means for its order."""

from typing import Literal

Unwelcome = Literal["late", "duplicate", "amount_mismatch"]
ExceptionKind = Literal[Unwelcome, "unknown_payment"]


def why_unwanted(
    *, order_status: str, amount_minor: int, currency: str, paid_minor: int, paid_currency: str
) -> Unwelcome:
    """Why money that did not confirm its order goes back. `amount_minor`, `currency`: of the attempt."""
    if (paid_minor, paid_currency) != (amount_minor, currency):
        return "amount_mismatch"
    return "late" if order_status == "cancelled" else "duplicate"
