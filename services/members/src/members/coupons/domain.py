"""Who may have a coupon of a template."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from members.templates.domain import Template


class Refusal(StrEnum):
    """Why somebody gets none. The names are those of reward.refused."""

    UNKNOWN_TEMPLATE = "unknown_template"
    TEMPLATE_INACTIVE = "template_inactive"
    SUPPLY_EXHAUSTED = "supply_exhausted"
    MEMBER_LIMIT = "member_limit"


Status = Literal["issued", "redeemed", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class Spending:
    """What orders did with a coupon, as members see it."""

    coupon_id: UUID
    member_id: UUID
    status: Status
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Allotted:
    """A coupon for a member: their nth of the template, from 1."""

    slot: int
    valid_from: datetime
    expires_at: datetime


def allot(
    template: Template, members: Sequence[UUID], *, held: Mapping[UUID, int], now: datetime
) -> list[Allotted | Refusal]:
    """Decide for each wish, in their order. `held`: how many of this template each member has had already."""
    if not template.open(now):
        return [Refusal.TEMPLATE_INACTIVE] * len(members)
    valid_from, expires_at = template.validity(now)
    left = template.left
    had = Counter(dict(held))
    decided: list[Allotted | Refusal] = []
    for member_id in members:
        if had[member_id] >= template.per_member_limit:
            decided.append(Refusal.MEMBER_LIMIT)
        elif left == 0:
            decided.append(Refusal.SUPPLY_EXHAUSTED)
        else:
            left = None if left is None else left - 1
            had[member_id] += 1
            decided.append(Allotted(had[member_id], valid_from, expires_at))
    return decided
