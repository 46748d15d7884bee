"""Members 會員: accounts, coupons as issued, points, and what became of the lifecycle's rewards."""

from typing import ClassVar, Literal
from uuid import UUID

from common.contracts.event import ActionId, Code, Count, CouponId, Currency, Event, MemberId, Minor, Moment

RewardKind = Literal["coupon", "points"]


class MemberRegistered(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A person became a member 會員, through a channel and perhaps a referrer."""

    NAME: ClassVar[str] = "member.registered"
    member_id: MemberId
    channel: Code
    registered_at: Moment
    referrer_id: MemberId | None = None


class ProfileChanged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member changed their profile. Names the fields, never their contents."""

    NAME: ClassVar[str] = "profile.changed"
    member_id: MemberId
    fields: list[Code]


class CouponIssued(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member received a coupon 優惠券; carries its terms, so that orders can spend it without asking."""

    NAME: ClassVar[str] = "coupon.issued"
    coupon_id: CouponId
    member_id: MemberId
    template: Code
    value_minor: Minor
    minimum_spend_minor: Minor
    currency: Currency
    valid_from: Moment
    expires_at: Moment
    source: Literal["action", "claim", "operator"]
    action_id: ActionId | None = None


class CouponClaimed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member took a coupon that was on offer, by themselves."""

    NAME: ClassVar[str] = "coupon.claimed"
    coupon_id: CouponId
    member_id: MemberId
    template: Code


class PointsEarned(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Points 積分 were added to a member's ledger."""

    NAME: ClassVar[str] = "points.earned"
    entry_id: UUID
    member_id: MemberId
    points: Count
    balance: Count
    reason: Code
    action_id: ActionId | None = None


class PointsDeducted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An operator took points from a member's ledger."""

    NAME: ClassVar[str] = "points.deducted"
    entry_id: UUID
    member_id: MemberId
    points: Count
    balance: Count
    reason: Code


class PointsReversed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An earlier entry of points was taken back by its inverse."""

    NAME: ClassVar[str] = "points.reversed"
    entry_id: UUID
    reversed_entry_id: UUID
    member_id: MemberId
    points: Count
    balance: Count
    reason: Code


class RewardGranted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A reward that the lifecycle asked for is in the member's hands."""

    NAME: ClassVar[str] = "reward.granted"
    action_id: ActionId
    member_id: MemberId
    kind: RewardKind
    granted_at: Moment
    coupon_id: CouponId | None = None
    entry_id: UUID | None = None


class RewardRefused(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A reward that the lifecycle asked for was not given, finally, and why."""

    NAME: ClassVar[str] = "reward.refused"
    action_id: ActionId
    member_id: MemberId
    kind: RewardKind
    reason: Literal[
        "expired", "supply_exhausted", "member_limit", "unknown_template", "template_inactive", "unknown_member"
    ]
