"""Issuing coupons 發券: the templates' rows are locked in one order, then every wish is decided, then all is written."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import structlog

from common.connection import Record
from common.contracts.envelope import Envelope
from common.contracts.members import CouponClaimed, CouponIssued, CouponRecalled
from common.db import Database, UnitOfWork
from common.errors import AppError
from common.ids import new_id
from members.accounts import service as accounts
from members.coupons import repository
from members.coupons.domain import Allotted, Refusal, Spending, allot
from members.errors import MemberLimitReached, OfferNotFound, SupplyExhausted, TemplateInactive, TemplateNotFound
from members.metrics import MemberMetrics
from members.templates import service as templates
from members.templates.domain import Template

log = structlog.get_logger(__name__)

Source = Literal["action", "claim", "operator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A coupon that a member, who exists, should have."""

    template: str
    member_id: UUID
    source: Source
    action_id: UUID | None = None
    cause: Envelope | None = None


@dataclass(frozen=True, slots=True)
class _Grant:
    coupon_id: UUID
    template: Template
    wish: Wish
    allotted: Allotted


async def issue(uow: UnitOfWork, wishes: Sequence[Wish]) -> list[UUID | Refusal]:
    """The new coupon's id, or why there is none, in the order of the wishes."""
    indexes: dict[str, list[int]] = defaultdict(list)
    for index, wish in enumerate(wishes):
        indexes[wish.template].append(index)
    known = await templates.lock(uow, indexes)
    held = await repository.count_held(uow, templates=known, members={wish.member_id for wish in wishes})
    outcomes: list[UUID | Refusal] = [Refusal.UNKNOWN_TEMPLATE] * len(wishes)
    grants: list[_Grant] = []
    for code, template in known.items():
        members = [wishes[index].member_id for index in indexes[code]]
        had = {member_id: held.get((code, member_id), 0) for member_id in members}
        for index, decided in zip(indexes[code], allot(template, members, held=had, now=uow.now), strict=True):
            if isinstance(decided, Allotted):
                grants.append(_Grant(new_id(), template, wishes[index], decided))
                outcomes[index] = grants[-1].coupon_id
            else:
                outcomes[index] = decided
    await _write(uow, grants)
    return outcomes


async def _write(uow: UnitOfWork, grants: Sequence[_Grant]) -> None:
    if not grants:
        return
    await templates.take_supply(uow, Counter(grant.template.code for grant in grants))
    await repository.insert(uow, (_row(grant, uow) for grant in grants))
    metrics: MemberMetrics = uow.resources.metrics
    for grant in grants:
        template, wish = grant.template, grant.wish
        uow.on_commit.append(metrics.coupons_issued.labels(template.code, wish.source).inc)
        issued = CouponIssued(
            coupon_id=grant.coupon_id,
            member_id=wish.member_id,
            template=template.code,
            value_minor=template.value_minor,
            minimum_spend_minor=template.minimum_spend_minor,
            currency=template.currency,
            valid_from=grant.allotted.valid_from,
            expires_at=grant.allotted.expires_at,
            source=wish.source,
            action_id=wish.action_id,
        )
        uow.append(issued, cause=wish.cause)
        if wish.source == "claim":
            uow.append(CouponClaimed(coupon_id=grant.coupon_id, member_id=wish.member_id, template=template.code))


def _row(grant: _Grant, uow: UnitOfWork) -> tuple[object, ...]:
    template, wish, allotted = grant.template, grant.wish, grant.allotted
    return (
        *(grant.coupon_id, template.code, wish.member_id, allotted.slot),
        *(template.value_minor, template.minimum_spend_minor, template.currency),
        *(allotted.valid_from, allotted.expires_at, wish.source, wish.action_id, uow.now),
    )


async def issue_one(uow: UnitOfWork, *, member_id: UUID, template: str, source: Source) -> Record:
    """The new coupon. Raises what is in its way."""
    await accounts.get_member(uow, member_id)
    [outcome] = await issue(uow, [Wish(template=template, member_id=member_id, source=source)])
    if isinstance(outcome, Refusal):
        raise _refused(outcome, template)
    row = await repository.find(uow, outcome)
    if row is None:
        raise RuntimeError(f"coupon {outcome} was written and is not there")
    return row


async def claim(uow: UnitOfWork, *, member_id: UUID, template: str) -> Record:
    """A coupon that is on offer, for the member who asks. Raises OfferNotFound for one that is not."""
    offered = (await templates.lock(uow, [template])).get(template)
    if offered is None or not offered.claimable:
        raise OfferNotFound(f"no coupon {template!r} is on offer")
    return await issue_one(uow, member_id=member_id, template=template, source="claim")


async def follow(uow: UnitOfWork, spendings: Sequence[Spending]) -> None:
    """Bring the coupons' status to what orders say; of several about one coupon the last counts."""
    last = {spending.coupon_id: spending for spending in spendings}
    changed = await repository.follow(uow, list(last.values()))
    if changed < len(last):
        log.warning("coupons spent that were not issued here", coupons=len(last) - changed)


async def recall(uow: UnitOfWork, wanted: Mapping[UUID, Envelope]) -> None:
    """Ask orders, which spend coupons, to take these back: on the channel that carried their issue, so that this never overtakes
    it. `wanted`: coupon → what asks for it, once for each coupon.
    """
    for row in await repository.find_all(uow, wanted):
        terms = {name: row[name] for name in CouponRecalled.__struct_fields__ if name != "coupon_id"}
        uow.append(CouponRecalled(coupon_id=row["id"], **terms), cause=wanted[row["id"]])


async def revoke(uow: UnitOfWork, coupons: Collection[tuple[UUID, UUID]]) -> None:
    """Note that orders took these back 收回, by (coupon, member). Each gives its place in the supply back, once."""
    if revoked := Counter(await repository.revoke(uow, coupons)):
        await templates.give_back_supply(uow, revoked)


async def list_of_member(
    db: Database, *, member_id: UUID, status: str | None, before: UUID | None, limit: int
) -> list[Record]:
    """Newest first."""
    return await repository.list_of_member(db, member_id=member_id, status=status, before=before, limit=limit)


def _refused(refusal: Refusal, template: str) -> AppError:
    match refusal:
        case Refusal.UNKNOWN_TEMPLATE:
            return TemplateNotFound(f"there is no template {template!r}")
        case Refusal.TEMPLATE_INACTIVE:
            return TemplateInactive(f"no coupons {template!r} are issued now")
        case Refusal.SUPPLY_EXHAUSTED:
            return SupplyExhausted(f"all coupons {template!r} are issued")
        case Refusal.MEMBER_LIMIT:
            return MemberLimitReached(f"this member has had as many coupons {template!r} as one member may")
