"""Orders 訂單: orders that members place, and coupons as they may be spent: revoked or spent, never both."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from common.contracts.envelope import Envelope
from common.contracts.lifecycle import ActionWithdrawn
from common.contracts.members import CouponIssued, CouponRecalled, RewardRetained, RewardWithdrawn
from common.contracts.orders import CouponRedeemed, CouponRetained, CouponRevoked, OrderConfirmed
from simulation.issuing import coupon_of
from simulation.logs import Row
from simulation.reading import Reader


@dataclass
class Orders(Reader):
    coupons: dict[UUID, Literal["held", "spent", "revoked"]] = field(default_factory=dict)
    owners: dict[UUID, UUID] = field(default_factory=dict)
    placed: list[OrderConfirmed] = field(default_factory=list)
    voided: set[UUID] = field(default_factory=set)

    def handle(self, row: Row, now: datetime) -> None:
        match row.event:
            case CouponIssued():
                self.coupons.setdefault(row.event.coupon_id, "held")
                self.owners[row.event.coupon_id] = row.event.member_id
            case CouponRecalled():
                self._take_back(row.event.coupon_id, row.event.member_id, now, row.envelope)
            case ActionWithdrawn(kind="issue_coupon"):
                self._undo(row.event, now, row.envelope)

    def _take_back(self, coupon_id: UUID, member_id: UUID, now: datetime, cause: Envelope) -> None:
        """The recall carries the terms: also a coupon that is not known yet is refused from now on."""
        if self.coupons.get(coupon_id) != "spent":
            self.coupons[coupon_id] = "revoked"
            self.tell(CouponRevoked(coupon_id=coupon_id, member_id=member_id, revoked_at=now), now=now, cause=cause)
        else:
            self.tell(CouponRetained(coupon_id=coupon_id, member_id=member_id, reason="spent"), now=now, cause=cause)

    def spend(self, member_id: UUID, number: int, now: datetime) -> bool:
        held = [each for each, state in self.coupons.items() if state == "held" and self.owners[each] == member_id]
        if not held:
            return False
        coupon_id = held[number % len(held)]
        self.coupons[coupon_id] = "spent"
        told: dict[str, Any] = {"coupon_id": coupon_id, "member_id": member_id, "order_id": coupon_id}
        self.tell(CouponRedeemed(**told, discount_minor=300, currency="CNY"), now=now)
        return True

    def _undo(self, asked: ActionWithdrawn, now: datetime, cause: Envelope) -> None:
        """Only where undos are sent past the issuer: what is not known yet cannot be taken back."""
        coupon_id = coupon_of(asked.action_id)
        told: dict[str, Any] = {"action_id": asked.action_id, "member_id": asked.member_id, "kind": "coupon"}
        if self.coupons.get(coupon_id) == "spent":
            self.tell(RewardRetained(**told, reason="spent"), now=now, cause=cause)
            return
        if coupon_id in self.coupons:
            self.coupons[coupon_id] = "revoked"
        self.tell(RewardWithdrawn(**told, withdrawn_at=now), now=now, cause=cause)
