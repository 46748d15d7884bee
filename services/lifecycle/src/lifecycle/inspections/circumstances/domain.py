"""Circumstances 現況: what a check of a policy is told of the shop. What is None is not known, and nothing is said of it."""

import msgspec

from common.contracts.event import Count
from common.contracts.lifecycle import Action


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What there is for actions to name."""

    coupons: frozenset[str] | None = None
    messages: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    teams: frozenset[str] | None = None
    endpoints: frozenset[str] | None = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule last asked for in vain, because whoever carries it out does not have it, or not any more."""

    rule: str
    action: Action
    reason: str


class Circumstances(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    coupons: dict[str, Count] | None = None
    """What a coupon of each template is worth at most, in minor units."""
    currency: str = "CNY"
    members: dict[str, Count] | None = None
    """How many stand in each stage, health and segment today."""
    known: Known = Known()
    refusals: tuple[Refusal, ...] = ()


NOTHING_KNOWN = Circumstances()
