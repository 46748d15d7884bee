"""Carrying out the lifecycle's rewards, each once: its row is taken first, and what came of it is told as often as asked."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from common.bus.records import Received
from common.connection import Record
from common.contracts.lifecycle import ActionRequested, GrantPoints, IssueCoupon
from common.contracts.members import RewardGranted, RewardRefused
from common.db import UnitOfWork
from members.accounts import service as accounts
from members.coupons import service as coupons
from members.coupons.domain import Refusal
from members.coupons.service import Wish
from members.metrics import MemberMetrics
from members.points import service as points
from members.points.domain import Posting
from members.points.service import Earning
from members.rewards import repository
from members.rewards.repository import Outcome

Asked = Received[ActionRequested]


def kind_of(asked: Asked) -> str | None:
    """What kind of reward it is; None: not ours to give."""
    match asked.event.action:
        case IssueCoupon():
            return "coupon"
        case GrantPoints():
            return "points"
        case _:
            return None


async def carry_out(uow: UnitOfWork, asked: Sequence[Asked]) -> None:
    """Give what was not given before, and tell of every action what became of it. A refusal is an outcome, not an error."""
    first: dict[UUID, Asked] = {}
    for one in asked:
        first.setdefault(one.event.action_id, one)
    fresh = await repository.claim(
        uow, [(action_id, one.event.member_id, kind_of(one) or "") for action_id, one in first.items()]
    )
    outcomes = await _give(uow, [one for action_id, one in first.items() if action_id in fresh])
    await repository.settle(uow, outcomes)
    metrics: MemberMetrics = uow.resources.metrics
    for outcome in outcomes:
        kind = kind_of(first[outcome.action_id]) or ""
        uow.on_commit.append(metrics.rewards.labels(kind, outcome.reason or "granted").inc)
    settled = await repository.find(uow, first)
    for one in asked:
        _tell(uow, one, settled[one.event.action_id])


async def _give(uow: UnitOfWork, asked: Sequence[Asked]) -> list[Outcome]:
    known = await accounts.known_members(uow, {one.event.member_id for one in asked})
    outcomes: list[Outcome] = []
    possible: list[Asked] = []
    for one in asked:
        if one.event.valid_until < uow.now:
            outcomes.append(Outcome(action_id=one.event.action_id, reason="expired"))
        elif one.event.member_id not in known:
            outcomes.append(Outcome(action_id=one.event.action_id, reason="unknown_member"))
        else:
            possible.append(one)
    return [*outcomes, *await _issue_coupons(uow, possible), *await _grant_points(uow, possible)]


async def _issue_coupons(uow: UnitOfWork, asked: Iterable[Asked]) -> list[Outcome]:
    wishes = [
        Wish(
            template=one.event.action.template,
            member_id=one.event.member_id,
            source="action",
            action_id=one.event.action_id,
            cause=one.envelope,
        )
        for one in asked
        if isinstance(one.event.action, IssueCoupon)
    ]
    return [
        Outcome(action_id=wish.action_id, reason=result.value)
        if isinstance(result, Refusal)
        else Outcome(action_id=wish.action_id, coupon_id=result)
        for wish, result in zip(wishes, await coupons.issue(uow, wishes), strict=True)
        if wish.action_id is not None
    ]


async def _grant_points(uow: UnitOfWork, asked: Iterable[Asked]) -> list[Outcome]:
    earnings = [
        Earning(
            Posting(
                member_id=one.event.member_id,
                kind="earn",
                points=one.event.action.points,
                reason=one.event.action.reason,
                business_id=str(one.event.action_id),
            ),
            action_id=one.event.action_id,
            cause=one.envelope,
        )
        for one in asked
        if isinstance(one.event.action, GrantPoints)
    ]
    entries = await points.earn(uow, earnings)
    return [
        Outcome(action_id=earning.action_id, entry_id=entry_id)
        for earning, entry_id in zip(earnings, entries, strict=True)
    ]


def _tell(uow: UnitOfWork, asked: Asked, settled: Record) -> None:
    told = {"action_id": settled["action_id"], "member_id": settled["member_id"], "kind": settled["kind"]}
    event = (
        RewardRefused(**told, reason=settled["reason"])
        if settled["outcome"] == "refused"
        else RewardGranted(
            **told, granted_at=settled["settled_at"], coupon_id=settled["coupon_id"], entry_id=settled["entry_id"]
        )
    )
    uow.append(event, cause=asked.envelope)
