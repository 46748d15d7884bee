"""The tables of members. The log's own tables are in `common.bus.tables`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from common.models import Moment, service_metadata

metadata = service_metadata("members")


class Base(SQLModel, registry=registry(metadata=metadata)):
    pass


class Member(Base, table=True):
    """A member 會員. What is personal is in the profile."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("id", "registered_at"),)
    id: UUID = Field(primary_key=True)
    channel: str
    referrer_id: UUID | None = Field(default=None, foreign_key="members.member.id", index=True)
    registered_at: datetime = Field(sa_type=Moment)
    erased_at: datetime | None = Field(default=None, sa_type=Moment)


class Merger(Base, table=True):
    """An account that is another's 會員合併, or was. The root is older, so that no chain of them comes back."""

    __tablename__ = "merger"
    __table_args__ = (
        ForeignKeyConstraint(["member_id", "registered_at"], ["members.member.id", "members.member.registered_at"]),
        ForeignKeyConstraint(["root_id", "root_registered_at"], ["members.member.id", "members.member.registered_at"]),
        CheckConstraint("(root_id IS NULL) = (root_registered_at IS NULL)", name="root"),
        CheckConstraint("(root_registered_at, root_id) < (registered_at, member_id)", name="older"),
        Index(None, "root_id"),
    )
    member_id: UUID = Field(primary_key=True)
    registered_at: datetime = Field(sa_type=Moment)
    root_id: UUID | None
    """Null: it is on its own again."""
    root_registered_at: datetime | None = Field(sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)


class MergerChange(Base, table=True):
    """Who said that two accounts are one person's, or are not, and when."""

    __tablename__ = "merger_change"
    __table_args__ = (CheckConstraint("change IN ('merged', 'unmerged')", name="change"),)
    id: UUID = Field(primary_key=True)
    member_id: UUID = Field(foreign_key="members.member.id", index=True)
    root_id: UUID
    change: str
    actor_id: UUID
    at: datetime = Field(sa_type=Moment)


class MemberRole(Base, table=True):
    """Roles beyond `member`, which everybody has."""

    __tablename__ = "member_role"
    __table_args__ = (CheckConstraint("role IN ('leader', 'clerk', 'operator', 'admin', 'service')", name="role"),)
    member_id: UUID = Field(primary_key=True, foreign_key="members.member.id")
    role: str = Field(primary_key=True)
    granted_at: datetime = Field(sa_type=Moment)


class RoleChange(Base, table=True):
    """Who gave or took a role, and when."""

    __tablename__ = "role_change"
    __table_args__ = (CheckConstraint("change IN ('granted', 'revoked')", name="change"),)
    id: UUID = Field(primary_key=True)
    member_id: UUID = Field(foreign_key="members.member.id", index=True)
    role: str
    change: str
    actor: str
    at: datetime = Field(sa_type=Moment)


class Identity(Base, table=True):
    """Who somebody is at an identity provider, as a keyed hash: enough to find the member, not to learn the name."""

    __tablename__ = "identity"
    provider: str = Field(primary_key=True)
    subject_hash: bytes = Field(primary_key=True)
    member_id: UUID = Field(foreign_key="members.member.id", index=True)
    linked_at: datetime = Field(sa_type=Moment)


class MemberKey(Base, table=True):
    """The key that a member's personal data is sealed with, itself sealed. Without it nobody reads them again."""

    __tablename__ = "member_key"
    member_id: UUID = Field(primary_key=True, foreign_key="members.member.id")
    sealed: bytes


class Profile(Base, table=True):
    """A member's personal data, sealed; and a keyed hash of their phone number, to find them by."""

    __tablename__ = "profile"
    member_id: UUID = Field(primary_key=True, foreign_key="members.member_key.member_id")
    sealed: bytes
    phone_hash: bytes | None = Field(index=True)
    updated_at: datetime = Field(sa_type=Moment)


class ConsentEntry(Base, table=True):
    """A line of a member's ledger of consents 同意; never changed. The last of a purpose holds; `actor_id` is who said so."""

    __tablename__ = "consent_entry"
    __table_args__ = (
        UniqueConstraint("member_id", "purpose", "number"),
        Index(None, "member_id", "id"),
        CheckConstraint("number > 0", name="number"),
    )
    id: UUID = Field(primary_key=True)
    member_id: UUID = Field(foreign_key="members.member.id")
    purpose: str
    number: int
    version: str
    given: bool
    actor_id: UUID
    made_at: datetime = Field(sa_type=Moment)


class CouponTemplate(Base, table=True):
    """A kind of coupon 優惠券模板. `supply` null: as many as are wanted; `valid_days` or a window, never both."""

    __tablename__ = "coupon_template"
    __table_args__ = (
        CheckConstraint("value_minor > 0 AND minimum_spend_minor >= 0", name="value"),
        CheckConstraint("(valid_days IS NULL) <> (starts_at IS NULL)", name="validity"),
        CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL) AND starts_at < ends_at", name="window"),
        CheckConstraint("valid_days > 0", name="valid_days"),
        CheckConstraint("issued >= 0 AND issued <= supply", name="supply"),
        CheckConstraint("per_member_limit > 0", name="per_member_limit"),
        CheckConstraint("state IN ('active', 'paused', 'ended')", name="state"),
    )
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name_zh: str
    name_en: str
    value_minor: int = Field(sa_type=BigInteger)
    minimum_spend_minor: int = Field(sa_type=BigInteger)
    currency: str
    valid_days: int | None
    starts_at: datetime | None = Field(sa_type=Moment)
    ends_at: datetime | None = Field(sa_type=Moment)
    supply: int | None
    issued: int
    per_member_limit: int
    claimable: bool
    state: str
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class Coupon(Base, table=True):
    """A coupon in a member's hands, its terms as they were when it was issued. Spending is orders' affair: `status` follows."""

    __tablename__ = "coupon"
    __table_args__ = (
        UniqueConstraint("template", "member_id", "slot"),
        CheckConstraint("slot > 0", name="slot"),
        CheckConstraint("valid_from < expires_at", name="validity"),
        CheckConstraint("source IN ('action', 'claim', 'operator')", name="source"),
        CheckConstraint("(source = 'action') = (action_id IS NOT NULL)", name="action"),
        CheckConstraint("status IN ('issued', 'redeemed', 'expired', 'revoked')", name="status"),
        CheckConstraint("(status = 'redeemed') = (order_id IS NOT NULL)", name="order"),
    )
    id: UUID = Field(primary_key=True)
    template: str = Field(foreign_key="members.coupon_template.code")
    member_id: UUID = Field(foreign_key="members.member.id", index=True)
    slot: int
    value_minor: int = Field(sa_type=BigInteger)
    minimum_spend_minor: int = Field(sa_type=BigInteger)
    currency: str
    valid_from: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    source: str
    action_id: UUID | None = Field(unique=True)
    status: str
    order_id: UUID | None
    issued_at: datetime = Field(sa_type=Moment)


class PointsBalance(Base, table=True):
    """A member's points 積分: the sum of their entries, and how many those are."""

    __tablename__ = "points_balance"
    __table_args__ = (CheckConstraint("balance >= 0 AND entries >= 0", name="balance"),)
    member_id: UUID = Field(primary_key=True, foreign_key="members.member.id")
    balance: int = Field(sa_type=BigInteger)
    entries: int


class PointsEntry(Base, table=True):
    """A line of a member's ledger; never changed. `number` counts them, so that the order is the ledger's own."""

    __tablename__ = "points_entry"
    __table_args__ = (
        UniqueConstraint("member_id", "reason", "business_id"),
        UniqueConstraint("member_id", "number"),
        UniqueConstraint("id", "member_id"),
        ForeignKeyConstraint(["reverses", "member_id"], ["members.points_entry.id", "members.points_entry.member_id"]),
        CheckConstraint("kind IN ('earn', 'adjust', 'reverse')", name="kind"),
        CheckConstraint("(kind = 'reverse') = (reverses IS NOT NULL)", name="reverses"),
        CheckConstraint(
            "(kind = 'earn' AND points >= 0) OR (kind = 'reverse' AND points <= 0) OR kind = 'adjust'", name="points"
        ),
        CheckConstraint("balance >= 0 AND number > 0", name="balance"),
    )
    id: UUID = Field(primary_key=True)
    member_id: UUID = Field(foreign_key="members.points_balance.member_id")
    number: int
    kind: str
    points: int = Field(sa_type=BigInteger)
    balance: int = Field(sa_type=BigInteger)
    reason: str
    business_id: str
    reverses: UUID | None = Field(unique=True)
    made_at: datetime = Field(sa_type=Moment)


class Reward(Base, table=True):
    """What became of an action that the lifecycle asked for; its row is taken first, so that it is done once.

    `outcome` is null only inside the transaction that carries it out.
    """

    __tablename__ = "reward"
    __table_args__ = (
        CheckConstraint("kind IN ('coupon', 'points')", name="kind"),
        CheckConstraint("outcome IN ('granted', 'refused')", name="outcome"),
        CheckConstraint("(outcome = 'refused') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("(outcome = 'granted') = (num_nonnulls(coupon_id, entry_id) = 1)", name="granted"),
    )
    action_id: UUID = Field(primary_key=True)
    member_id: UUID
    kind: str
    outcome: str | None
    reason: str | None
    coupon_id: UUID | None = Field(foreign_key="members.coupon.id")
    entry_id: UUID | None = Field(foreign_key="members.points_entry.id")
    settled_at: datetime = Field(sa_type=Moment)


class Withdrawal(Base, table=True):
    """What became of a reward that was to be taken back 撤回. `outcome` null: orders have not said whether the coupon is spent."""

    __tablename__ = "withdrawal"
    __table_args__ = (
        CheckConstraint("outcome IN ('withdrawn', 'retained')", name="outcome"),
        CheckConstraint("reason IN ('spent', 'expired')", name="reason"),
        CheckConstraint("(outcome IS NOT DISTINCT FROM 'retained') = (reason IS NOT NULL)", name="retained"),
        CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name="settled"),
    )
    action_id: UUID = Field(primary_key=True, foreign_key="members.reward.action_id")
    coupon_id: UUID | None = Field(unique=True, foreign_key="members.coupon.id")
    outcome: str | None
    reason: str | None
    asked_at: datetime = Field(sa_type=Moment)
    settled_at: datetime | None = Field(sa_type=Moment)
