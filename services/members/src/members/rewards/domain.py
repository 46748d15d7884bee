"""Rewards 獎勵 that the lifecycle asks for, and what stands in the way of one before its template is asked."""

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from common.contracts.lifecycle import ActionKind, ActionRequested
from common.contracts.members import RewardKind

KINDS: Mapping[ActionKind, RewardKind] = {"issue_coupon": "coupon", "grant_points": "points"}
"""The actions that members carry out, and what they give."""

Reason = Literal["expired", "unknown_member", "no_consent"]


def refusal(
    asked: ActionRequested, *, now: datetime, known: Container[UUID], permitted: Container[tuple[UUID, str]]
) -> Reason | None:
    """Why it is not given; None: nothing stands in its way. `permitted`: what members consent to, now."""
    if asked.valid_until < now:
        return "expired"
    if asked.member_id not in known:
        return "unknown_member"
    return "no_consent" if asked.consent is not None and (asked.member_id, asked.consent) not in permitted else None
