"""Carrying out the lifecycle's rewards, each once: its row is taken first, and what came of it is told as often as asked."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from common.bus.records import Received
from common.connection import Record
from common.contracts.envelope import Envelope
from common.contracts.lifecycle import ActionRequested, ActionWithdrawn, GrantPoints, IssueCoupon
from common.contracts.members import RewardGranted, RewardKind, RewardRefused
from common.db import UnitOfWork
from members.accounts import service as accounts
from members.consents import service as consents
from members.coupons import service as coupons
from members.coupons.domain import Refusal
from members.coupons.service import Wish
from members.metrics import MemberMetrics
from members.points import service as points
from members.points.domain import Posting
from members.points.service import Earning
from members.rewards import repository
from members.rewards.domain import KINDS, refusal
from members.rewards.repository import Outcome

Asked = Received[ActionRequested]


def kind_of(asked: Asked) -> RewardKind | None:
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
        tell(uow, settled[one.event.action_id], cause=one.envelope)


async def _give(uow: UnitOfWork, asked: Sequence[Asked]) -> list[Outcome]:
    known = await accounts.hold_members(uow, {one.event.member_id for one in asked})
    permitted = await consents.given(
        uow, {(one.event.member_id, one.event.consent) for one in asked if one.event.consent is not None}
    )
    outcomes: list[Outcome] = []
    possible: list[Asked] = []
    for one in asked:
        reason = refusal(one.event, now=uow.now, known=known, permitted=permitted)
        if reason is None:
            possible.append(one)
        else:
            outcomes.append(Outcome(action_id=one.event.action_id, reason=reason))
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


async def bury(uow: UnitOfWork, withdrawn: Sequence[Received[ActionWithdrawn]]) -> dict[UUID, Record]:
    """What became of rewards that are withdrawn, locked. One that was not given yet is refused now, and so for ever."""
    return await repository.bury(
        uow, [(one.event.action_id, one.event.member_id, KINDS[one.event.kind]) for one in withdrawn]
    )


def tell(uow: UnitOfWork, settled: Record, *, cause: Envelope) -> None:
    """What became of an action, as it is stored."""
    told = {"action_id": settled["action_id"], "member_id": settled["member_id"], "kind": settled["kind"]}
    event = (
        RewardRefused(**told, reason=settled["reason"])
        if settled["outcome"] == "refused"
        else RewardGranted(
            **told, granted_at=settled["settled_at"], coupon_id=settled["coupon_id"], entry_id=settled["entry_id"]
        )
    )
    uow.append(event, cause=cause)
