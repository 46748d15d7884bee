"""Coupon templates 優惠券模板: the terms, and when a coupon of them can be spent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from common.money import exponent

State = Literal["active", "paused", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What decides about a coupon. `supply` None: no end. Either `valid_days` or a window."""

    code: str
    value_minor: int
    minimum_spend_minor: int
    currency: str
    state: State
    claimable: bool
    supply: int | None
    issued: int
    per_member_limit: int
    valid_days: int | None
    starts_at: datetime | None
    ends_at: datetime | None

    def validity(self, now: datetime) -> tuple[datetime, datetime]:
        """From when until when a coupon issued now can be spent. Nothing is left of it when the end is not after now."""
        if self.valid_days is not None:
            return now, now + timedelta(days=self.valid_days)
        if self.starts_at is None or self.ends_at is None:
            raise ValueError(f"template {self.code} has neither days nor a window")
        return max(now, self.starts_at), self.ends_at

    def open(self, now: datetime) -> bool:
        """Whether coupons of it may be issued now, supply and limits aside."""
        return self.state == "active" and self.validity(now)[1] > now

    @property
    def left(self) -> int | None:
        """How many may still be issued; None: no end."""
        return None if self.supply is None else self.supply - self.issued


def faults(*, valid_days: int | None, starts_at: datetime | None, ends_at: datetime | None) -> list[str]:
    """What is wrong with a template's validity, a sentence each."""
    found = []
    if (starts_at is None) != (ends_at is None):
        found.append("starts_at and ends_at: give both or neither")
    elif (valid_days is None) == (starts_at is None):
        found.append("valid_days, or starts_at and ends_at: give one of the two")
    if starts_at is not None and ends_at is not None and starts_at >= ends_at:
        found.append("ends_at: expected a moment after starts_at")
    return found


@dataclass(frozen=True, slots=True)
class DefaultTemplate:
    """One that the lifecycle's default policy names. A new installation starts with it; operators change it.

    `value` and `minimum_spend` in major units of whatever the currency is.
    """

    code: str
    name_zh: str
    name_en: str
    value: int
    minimum_spend: int
    valid_days: int
    per_member_limit: int = 1

    def fields(self, currency: str) -> dict[str, Any]:
        scale = 10 ** exponent(currency)
        return {
            "code": self.code,
            "name_zh": self.name_zh,
            "name_en": self.name_en,
            "value_minor": self.value * scale,
            "minimum_spend_minor": self.minimum_spend * scale,
            "valid_days": self.valid_days,
            "starts_at": None,
            "ends_at": None,
            "supply": None,
            "per_member_limit": self.per_member_limit,
            "claimable": False,
        }


# Those of rules that may act on a member again, after a cooldown, may be had again.
DEFAULT_TEMPLATES = (
    DefaultTemplate("newcomer_3", "新人券", "Newcomer", 3, 15, 14),
    DefaultTemplate("first_order_5", "首單券", "First order", 5, 29, 7),
    DefaultTemplate("thanks_3", "感謝券", "Thank you", 3, 20, 14),
    DefaultTemplate("second_order_4", "復購券", "Second order", 4, 25, 10),
    DefaultTemplate("back_6", "好久不見券", "Good to see you", 6, 39, 14, per_member_limit=24),
    DefaultTemplate("back_10", "回頭券", "Welcome back", 10, 49, 30, per_member_limit=24),
    DefaultTemplate("birthday_8", "生日券", "Happy birthday", 8, 39, 14, per_member_limit=100),
)
