"""Members 會員: rewards by action id, each once; consent; what is taken back, by asking whoever lets it be spent."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

import msgspec

from common.contracts.envelope import Envelope
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested, ActionWithdrawn, GrantPoints, IssueCoupon
from common.contracts.members import (
    CouponIssued,
    CouponRecalled,
    PointsEarned,
    PointsReversed,
    RewardGranted,
    RewardKind,
    RewardRefused,
    RewardRetained,
    RewardWithdrawn,
)
from common.contracts.orders import CouponRetained, CouponRevoked
from members.rewards.domain import KINDS, refusal
from simulation.logs import Row
from simulation.reading import Reader

SCARCE = {"again": 2}
"""Templates of which there are few."""


def coupon_of(action_id: UUID) -> UUID:
    return uuid5(action_id, "coupon")


class Reward(msgspec.Struct):
    action_id: UUID
    member_id: UUID
    kind: RewardKind
    at: datetime
    reason: Any = None
    """Why it was not given; None: it was."""
    coupon_id: UUID | None = None
    points: int = 0
    consent: str | None = None
    valid_until: datetime | None = None
    taken_back: Literal["asked", "withdrawn", "spent", "expired"] | None = None


@dataclass
class Members(Reader):
    rewards: dict[UUID, Reward] = field(default_factory=dict)
    registered: set[UUID] = field(default_factory=set)
    permitted: set[tuple[UUID, str]] = field(default_factory=set)
    balances: dict[UUID, int] = field(default_factory=dict)
    is_passed_by: bool = False
    """Undos of coupons are sent to whoever lets them be spent."""
    asks_no_consent: bool = False

    def handle(self, row: Row, now: datetime) -> None:
        match row.event:
            case ActionRequested(action=IssueCoupon() | GrantPoints()):
                self._carry_out(row.event, now, row.envelope)
            case ActionWithdrawn() if row.event.kind in KINDS and not (
                self.is_passed_by and row.event.kind == "issue_coupon"
            ):
                self._withdraw(row.event, now, row.envelope)
            case CouponRevoked() | CouponRetained():
                self._answered(row.event, now, row.envelope)

    def _carry_out(self, asked: ActionRequested, now: datetime, cause: Envelope) -> None:
        if asked.action_id not in self.rewards:
            reward = Reward(
                asked.action_id,
                asked.member_id,
                "coupon" if isinstance(asked.action, IssueCoupon) else "points",
                now,
                consent=asked.consent,
                valid_until=asked.valid_until,
            )
            self.rewards[asked.action_id] = reward
            permitted = self.permitted if not self.asks_no_consent else {(asked.member_id, asked.consent or "")}
            reward.reason = refusal(asked, now=now, known=self.registered, permitted=permitted)
            if reward.reason is None:
                self._give(asked, reward, now, cause)
        self._tell_of(self.rewards[asked.action_id], now, cause)

    def _give(self, asked: ActionRequested, reward: Reward, now: datetime, cause: Envelope) -> None:
        event: Event
        if isinstance(asked.action, GrantPoints):
            reward.points = asked.action.points
            balance = self.balances[asked.member_id] = self.balances.get(asked.member_id, 0) + reward.points
            event = PointsEarned(
                entry_id=asked.action_id,
                member_id=asked.member_id,
                points=reward.points,
                balance=balance,
                reason=asked.action.reason,
                action_id=asked.action_id,
            )
        else:
            template = getattr(asked.action, "template", "")
            given = sum(each.reason is None and each.coupon_id is not None for each in self.rewards.values())
            if given > SCARCE.get(template, 1_000):
                reward.reason = "supply_exhausted"
                return
            reward.coupon_id = coupon_of(asked.action_id)
            event = CouponIssued(**self._terms(reward, template), source="action", action_id=asked.action_id)
        self.tell(event, now=now, cause=cause)

    def _terms(self, reward: Reward, template: str) -> dict[str, Any]:
        return {
            "coupon_id": reward.coupon_id,
            "member_id": reward.member_id,
            "template": template,
            "value_minor": 300,
            "minimum_spend_minor": 0,
            "currency": "CNY",
            "valid_from": reward.at,
            "expires_at": reward.at + timedelta(days=30),
        }

    def _withdraw(self, asked: ActionWithdrawn, now: datetime, cause: Envelope) -> None:
        """What was not given is refused, now and for ever."""
        if asked.action_id not in self.rewards:
            buried = Reward(asked.action_id, asked.member_id, KINDS[asked.kind], now, reason="withdrawn")
            self.rewards[asked.action_id] = buried
        reward = self.rewards[asked.action_id]
        if reward.reason is not None:
            self._tell_of(reward, now, cause)
            return
        if reward.taken_back is None:
            self._begin(reward, now, cause)
        self._tell_back(reward, now, cause)

    def _begin(self, reward: Reward, now: datetime, cause: Envelope) -> None:
        if reward.coupon_id is not None:
            reward.taken_back = "asked"
            self.tell(CouponRecalled(**self._terms(reward, "recalled")), now=now, cause=cause)
        elif self.balances[reward.member_id] < reward.points:
            reward.taken_back = "spent"
        else:
            reward.taken_back = "withdrawn"
            balance = self.balances[reward.member_id] = self.balances[reward.member_id] - reward.points
            self.tell(
                PointsReversed(
                    entry_id=uuid5(reward.action_id, "back"),
                    reversed_entry_id=reward.action_id,
                    member_id=reward.member_id,
                    points=reward.points,
                    balance=balance,
                    reason="withdrawn",
                ),
                now=now,
                cause=cause,
            )

    def _answered(self, answer: CouponRevoked | CouponRetained, now: datetime, cause: Envelope) -> None:
        """The first answer counts."""
        for reward in self.rewards.values():
            if reward.coupon_id == answer.coupon_id and reward.taken_back == "asked":
                reward.taken_back = answer.reason if isinstance(answer, CouponRetained) else "withdrawn"
                self._tell_back(reward, now, cause)

    def _tell_of(self, reward: Reward, now: datetime, cause: Envelope) -> None:
        told: dict[str, Any] = {"action_id": reward.action_id, "member_id": reward.member_id, "kind": reward.kind}
        event = (
            RewardGranted(**told, granted_at=reward.at, coupon_id=reward.coupon_id)
            if reward.reason is None
            else RewardRefused(**told, reason=reward.reason)
        )
        self.tell(event, now=now, cause=cause)

    def _tell_back(self, reward: Reward, now: datetime, cause: Envelope) -> None:
        told: dict[str, Any] = {"action_id": reward.action_id, "member_id": reward.member_id, "kind": reward.kind}
        if reward.taken_back == "withdrawn":
            self.tell(RewardWithdrawn(**told, withdrawn_at=now), now=now, cause=cause)
        elif reward.taken_back in {"spent", "expired"}:
            self.tell(RewardRetained(**told, reason=reward.taken_back), now=now, cause=cause)
