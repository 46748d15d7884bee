"""The tables of members. The log's own tables are in `common.bus.tables`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from common.models import Moment, service_metadata

metadata = service_metadata("members")


class Base(SQLModel, registry=registry(metadata=metadata)):
    pass


class Member(Base, table=True):
    """A member 會員. What is personal is in the profile."""

    __tablename__ = "member"
    id: UUID = Field(primary_key=True)
    channel: str
    referrer_id: UUID | None = Field(default=None, foreign_key="members.member.id", index=True)
    registered_at: datetime = Field(sa_type=Moment)


class MemberRole(Base, table=True):
    """Roles beyond `member`, which everybody has."""

    __tablename__ = "member_role"
    __table_args__ = (CheckConstraint("role IN ('leader', 'clerk', 'operator', 'admin', 'service')", name="role"),)
    member_id: UUID = Field(primary_key=True, foreign_key="members.member.id")
    role: str = Field(primary_key=True)
    granted_at: datetime = Field(sa_type=Moment)


class Identity(Base, table=True):
    """Who somebody is at an identity provider, as a keyed hash: enough to find the member, not to learn the name."""

    __tablename__ = "identity"
    provider: str = Field(primary_key=True)
    subject_hash: bytes = Field(primary_key=True)
    member_id: UUID = Field(foreign_key="members.member.id", index=True)
    linked_at: datetime = Field(sa_type=Moment)
