"""What every event class has in common, and the types its fields are made of."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True, description="RFC 3339 with a zone")]
Minor = Annotated[int, msgspec.Meta(ge=0, description="money in minor units of the currency beside it (分)")]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="ISO 4217")]
Count = Annotated[int, msgspec.Meta(ge=0)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="a code, never free text")]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fact in the past tense, owned by the service whose module of `common.contracts` defines it.

    The class docstring is the catalogue's text. Readers ignore fields they do not know; within a version fields are only
    added, with a default. A breaking change is a new class with a higher VERSION beside the old one.
    """

    NAME: ClassVar[str] = ""
    """`<noun>.<past verb>`, unique over all services; the name that policies use."""
    SUBJECT: ClassVar[str] = "member_id"
    """The field whose value is the key: the log keeps the order of events of one key."""
    VERSION: ClassVar[int] = 1

    @property
    def subject(self) -> str:
        return str(getattr(self, self.SUBJECT))

    @classmethod
    def producer(cls) -> str:
        """The owning service: the last part of the module's name."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def type_name(cls) -> str:
        return f"huitou.{cls.producer()}.{cls.NAME}.v{cls.VERSION}"


MemberId = UUID
OrderId = UUID
CouponId = UUID
CommunityId = UUID
ActionId = UUID
