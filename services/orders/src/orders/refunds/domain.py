"""How much of a line goes back: to the last unit, so that all parts together are exactly what was paid for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from orders.errors import LineUnknown, RefundTooLarge


@dataclass(frozen=True, slots=True, kw_only=True)
class Refundable:
    """A line. `net_minor`: what was paid for all of it; `refunded_quantity`: what refunds have claimed of it."""

    line_id: UUID
    quantity: int
    net_minor: int
    refunded_quantity: int
    refunded_minor: int

    @property
    def left(self) -> int:
        return self.quantity - self.refunded_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a refund takes back of a line."""

    line_id: UUID
    quantity: int
    amount_minor: int


def claim(lines: Sequence[Refundable], wanted: Mapping[UUID, int]) -> list[Claim]:
    """These units of these lines. Raises LineUnknown, RefundTooLarge."""
    by_id = {line.line_id: line for line in lines}
    if unknown := set(wanted) - set(by_id):
        raise LineUnknown(f"lines: {min(unknown)} is not a line of this order")
    return [_claim(by_id[line_id], quantity) for line_id, quantity in wanted.items()]


def claim_rest(lines: Sequence[Refundable]) -> list[Claim]:
    """Everything that is left."""
    return [_claim(line, line.left) for line in lines if line.left]


def _claim(line: Refundable, quantity: int) -> Claim:
    if quantity > line.left:
        raise RefundTooLarge(f"lines: {line.left} of {line.line_id} are left to refund, {quantity} were asked for")
    due = line.net_minor * (line.refunded_quantity + quantity) // line.quantity
    return Claim(line_id=line.line_id, quantity=quantity, amount_minor=due - line.refunded_minor)
