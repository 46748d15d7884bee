"""Members 會員: accounts, coupons as issued, points, and what became of the lifecycle's rewards."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

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


class ConsentChanged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member gave, or withdrew, their consent 同意 to one purpose, as a version of its text asked for it."""

    NAME: ClassVar[str] = "consent.changed"
    member_id: MemberId
    purpose: Code
    version: Code
    given: bool
    changed_at: Moment


class BirthdayTold(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member told on which day of the year they want to be thought of 生日. No year: nobody's age is told."""

    NAME: ClassVar[str] = "birthday.told"
    member_id: MemberId
    birthday: Annotated[str, msgspec.Meta(pattern="^([0-9]{2}-[0-9]{2})?$", description="MM-DD; empty: taken back")]


class TimezoneTold(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member told by whose clock they live 時區."""

    NAME: ClassVar[str] = "timezone.told"
    member_id: MemberId
    tz: Annotated[str, msgspec.Meta(max_length=64, description="IANA; empty: as the business")]


class MemberMerged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member turned out to be another, too 會員合併: from now on what happens to them happens to `root_id`, the older one."""

    NAME: ClassVar[str] = "member.merged"
    member_id: MemberId
    root_id: MemberId
    merged_at: Moment


class MemberUnmerged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A merge was a mistake and is undone: the member is one of their own again."""

    NAME: ClassVar[str] = "member.unmerged"
    member_id: MemberId
    root_id: MemberId
    unmerged_at: Moment


class MemberErased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member's data is gone for good 刪除: nothing of them is kept, nothing more is done for them."""

    NAME: ClassVar[str] = "member.erased"
    member_id: MemberId
    erased_at: Moment


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


class CouponRecalled(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A coupon is to be taken back if it is not spent; carries its terms, so that orders refuse it also when they do not know it
    yet. Answered by coupon.revoked or coupon.retained.
    """

    NAME: ClassVar[str] = "coupon.recalled"
    coupon_id: CouponId
    member_id: MemberId
    template: Code
    value_minor: Minor
    minimum_spend_minor: Minor
    currency: Currency
    valid_from: Moment
    expires_at: Moment


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
        "expired",
        "supply_exhausted",
        "member_limit",
        "unknown_template",
        "template_inactive",
        "unknown_member",
        "no_consent",
        "withdrawn",
    ]


class RewardWithdrawn(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A reward that had been granted was taken back, because the lifecycle withdrew the action."""

    NAME: ClassVar[str] = "reward.withdrawn"
    action_id: ActionId
    member_id: MemberId
    kind: RewardKind
    withdrawn_at: Moment


class RewardRetained(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A reward that was to be taken back stays with the member, and why."""

    NAME: ClassVar[str] = "reward.retained"
    action_id: ActionId
    member_id: MemberId
    kind: RewardKind
    reason: Literal["spent", "expired"]
