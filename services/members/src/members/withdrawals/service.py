"""Taking rewards back 撤回, once each, whatever comes first and however often it is asked.

Not given yet: refused for ever, by a row in the place of the reward's own. Points are spent when the balance does not cover them:
told at once. Whether a coupon is spent only orders know (ADR 3): they are asked once, on the log that carried its issue, and
their first answer is told and stays.
"""

from collections.abc import Sequence
from uuid import UUID

from common.bus.records import Received
from common.connection import Record
from common.contracts.envelope import Envelope
from common.contracts.lifecycle import ActionWithdrawn
from common.contracts.members import RewardRetained, RewardWithdrawn
from common.contracts.orders import CouponRetained, CouponRevoked
from common.db import UnitOfWork
from members.coupons import service as coupons
from members.metrics import MemberMetrics
from members.points import service as points
from members.points.service import TakenBack
from members.rewards import service as rewards
from members.withdrawals import repository

Asked = Received[ActionWithdrawn]


async def withdraw(uow: UnitOfWork, asked: Sequence[Asked]) -> None:
    """Begin what was not begun before; tell of each what became of it, unless orders have still to say."""
    first = {one.event.action_id: one for one in reversed(asked)}
    given = await rewards.bury(uow, list(first.values()))
    granted = [row for row in given.values() if row["outcome"] == "granted"]
    begun = await repository.begin(uow, granted)
    fresh = [row for row in granted if row["action_id"] in begun]
    await _take_back_points(uow, [row for row in fresh if row["entry_id"]], first)
    await coupons.recall(uow, {row["coupon_id"]: first[row["action_id"]].envelope for row in fresh if row["coupon_id"]})
    settled = await repository.find(uow, first)
    for one in asked:
        if one.event.action_id in settled:
            _tell(uow, settled[one.event.action_id], cause=one.envelope)
        else:
            rewards.tell(uow, given[one.event.action_id], cause=one.envelope)


async def _take_back_points(uow: UnitOfWork, fresh: Sequence[Record], asked: dict[UUID, Asked]) -> None:
    wanted = [TakenBack(row["entry_id"], row["member_id"], asked[row["action_id"]].envelope) for row in fresh]
    gone = await points.take_back(uow, wanted)
    await _settle(uow, {row["action_id"]: None if row["entry_id"] in gone else "spent" for row in fresh})


async def answer(uow: UnitOfWork, received: Sequence[Received[CouponRevoked] | Received[CouponRetained]]) -> None:
    """Note what orders did with coupons that were recalled. Of several answers about one the first counts."""
    revoked = [item.event for item in received if isinstance(item.event, CouponRevoked)]
    await coupons.revoke(uow, {(event.coupon_id, event.member_id) for event in revoked})
    first = {item.event.coupon_id: item for item in reversed(received)}
    actions = await repository.find_by_coupons(uow, first)
    reasons: dict[UUID, str | None] = {
        action_id: event.reason if isinstance(event := first[coupon_id].event, CouponRetained) else None
        for coupon_id, action_id in actions.items()
    }
    answered = await _settle(uow, reasons)
    settled = await repository.find(uow, answered)
    for coupon_id, action_id in actions.items():
        if action_id in answered:
            _tell(uow, settled[action_id], cause=first[coupon_id].envelope)


async def _settle(uow: UnitOfWork, reasons: dict[UUID, str | None]) -> set[UUID]:
    settled = await repository.settle(uow, reasons) if reasons else set()
    metrics: MemberMetrics = uow.resources.metrics
    for action_id in settled:
        uow.on_commit.append(metrics.withdrawals.labels(reasons[action_id] or "withdrawn").inc)
    return settled


def _tell(uow: UnitOfWork, settled: Record, *, cause: Envelope) -> None:
    told = {name: settled[name] for name in ("action_id", "member_id", "kind")}
    if settled["outcome"] == "withdrawn":
        uow.append(RewardWithdrawn(**told, withdrawn_at=settled["settled_at"]), cause=cause)
    elif settled["outcome"] == "retained":
        uow.append(RewardRetained(**told, reason=settled["reason"]), cause=cause)
