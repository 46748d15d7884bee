"""Delivering webhooks: what is said, when it is tried again, and when no more."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from engagement.audience.domain import Audience

State = Literal["waiting", "delivered", "refused"]
Reason = Literal[
    "expired",
    "unknown_endpoint",
    "address_forbidden",
    "answered_no",
    "no_answer",
    "unknown_member",
    "no_consent",
    "withdrawn",
]
Verdict = Literal["delivered", "answered_no", "gone", "address_forbidden", "again"]

MOST_ATTEMPTS = 8
FIRST_WAIT, LONGEST_WAIT, FACTOR = timedelta(seconds=10), timedelta(hours=12), 4
TEMPORARY = frozenset({408, 425, 429})
"""4xx that are no answer: too slow, too early, too often."""
GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is to be delivered, and how far that is. `attempts`: with the one that is being made."""

    action_id: UUID
    member_id: UUID
    endpoint: str
    rule: str
    key: str
    consent: str | None
    asked_at: datetime
    valid_until: datetime
    state: State
    reason: Reason | None
    attempts: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a delivery stands; `due_at`: when it is tried (again)."""

    state: State
    reason: Reason | None = None
    due_at: datetime | None = None


def body_of(delivery: Delivery) -> bytes:
    """The same bytes at every attempt."""
    return msgspec.json.encode(
        {
            "action_id": delivery.action_id,
            "member_id": delivery.member_id,
            "rule": delivery.rule,
            "key": delivery.key,
            "at": delivery.asked_at,
            "valid_until": delivery.valid_until,
        }
    )


def obstacle(delivery: Delivery, *, now: datetime, audience: Audience, endpoints: Container[str]) -> Reason | None:
    """Why it is not tried now, nor ever; None: nothing stands in its way. `endpoints`: those that are active."""
    if delivery.withdrawn:
        return "withdrawn"
    if delivery.valid_until < now:
        return "no_answer" if delivery.attempts else "expired"
    if delivery.state == "waiting" and delivery.attempts >= MOST_ATTEMPTS:
        return "no_answer"
    if delivery.member_id in audience.erased:
        return "unknown_member"
    if not audience.allows(delivery.member_id, delivery.consent):
        return "no_consent"
    return None if delivery.endpoint in endpoints else "unknown_endpoint"


def verdict_on(status: int | None, fault: str | None) -> Verdict:
    """What an answer means, or its absence."""
    if status is None:
        return "address_forbidden" if fault == "address_forbidden" else "again"
    if 200 <= status < 300:  # noqa: PLR2004 - the statuses of success
        return "delivered"
    if status == GONE:
        return "gone"
    return "answered_no" if 400 <= status < 500 and status not in TEMPORARY else "again"  # noqa: PLR2004 - the client's faults


def after(delivery: Delivery, verdict: Verdict, *, now: datetime, dice: float) -> Standing:
    """Where it stands after an attempt. What was told of it stays: one that is sent once more changes nothing."""
    if delivery.state != "waiting":
        return Standing(delivery.state, delivery.reason)
    match verdict:
        case "delivered":
            return Standing("delivered")
        case "address_forbidden":
            return Standing("refused", "address_forbidden")
        case "answered_no" | "gone":
            return Standing("refused", "answered_no")
        case "again":
            return _again(delivery, now=now, dice=dice)


def _again(delivery: Delivery, *, now: datetime, dice: float) -> Standing:
    if delivery.withdrawn:
        return Standing("refused", "withdrawn")
    due_at = now + wait_after(delivery.attempts, dice=dice)
    if delivery.attempts >= MOST_ATTEMPTS or due_at > delivery.valid_until:
        return Standing("refused", "no_answer")
    return Standing("waiting", due_at=due_at)


def wait_after(attempts: int, *, dice: float) -> timedelta:
    """Longer each time, and spread over its second half by `dice`, from 0 to 1."""
    longest: timedelta = min(LONGEST_WAIT, FIRST_WAIT * FACTOR ** min(attempts - 1, MOST_ATTEMPTS))
    return longest * (1 + dice) / 2
