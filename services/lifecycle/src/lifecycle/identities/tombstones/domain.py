"""A tombstone 墓碑: all that is left of an erased member 刪除. What is read of them from then on changes nothing."""

from datetime import datetime
from uuid import UUID

from lifecycle.members.domain import Member


def tombstone(member_id: UUID, *, at: datetime, version: int) -> Member:
    return Member(member_id=member_id, at=at, facts={}, standing={}, episodes={}, version=version, is_erased=True)
