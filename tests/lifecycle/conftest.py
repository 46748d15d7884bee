"""What the tests of the pure engine share: random facts and conditions over four metrics, and events that arrive."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

import pytest
from hypothesis import strategies as st

from common.contracts.engagement import ChatMessageCounted, CheckinRecorded, MessageRead
from common.contracts.event import Event
from common.contracts.members import CouponClaimed, MemberRegistered
from common.contracts.orders import OrderConfirmed, OrderRefunded, OrderVoided
from lifecycle.calendars.domain import Span
from lifecycle.expressions.domain import (
    Aged,
    Always,
    And,
    Clamp,
    Compare,
    Condition,
    Count,
    Days,
    Never,
    Not,
    Or,
    Pace,
    Since,
    Sum,
)
from lifecycle.facts.domain import Facts
from lifecycle.stepping.domain import Arrival
from lifecycle.tallies.domain import gathered

NUMBERS = {"orders": 5, "chat": 3, "engaged": 2, "joined": 1}
TODAY = (date(2026, 3, 30) - date(1970, 1, 1)).days
NOBODY = UUID(int=0)


@pytest.fixture(scope="session")
def numbers() -> dict[str, int]:
    return NUMBERS


@pytest.fixture(scope="session")
def some_facts() -> st.SearchStrategy[Facts]:
    """Days around the ends of February and March, with retractions that came before what they undo."""
    cell = st.tuples(st.integers(TODAY - 130, TODAY), st.integers(-1, 3), st.integers(-50, 500))
    tally = st.lists(cell, max_size=8).map(gathered)
    every = st.fixed_dictionaries(dict.fromkeys(sorted(NUMBERS.values()), tally))
    return every.map(lambda facts: {number: tally for number, tally in facts.items() if tally is not None})


@pytest.fixture(scope="session")
def some_conditions() -> st.SearchStrategy[Condition]:
    metric = st.sampled_from(sorted(NUMBERS))
    metrics = st.lists(metric, min_size=1, max_size=2, unique=True).map(tuple)
    span = st.builds(Span, st.integers(1, 4), st.just("mo")) | st.builds(Span, st.integers(1, 60), st.just("d"))
    span |= st.builds(Span, st.integers(1, 8), st.just("w"))
    window = st.none() | span
    pace = st.builds(Pace, metric, st.integers(1, 4))
    measure = st.builds(Count, metric, window) | st.builds(Sum, metric, window) | st.builds(Days, metric, window)
    compared = st.builds(
        Compare, measure | pace, st.sampled_from([">", ">=", "<", "<=", "==", "!="]), st.integers(-2, 12)
    )
    bound = span | pace | st.builds(Clamp, pace, span, span)
    aged = st.builds(Aged, st.builds(Since, metrics), st.sampled_from([">", ">=", "<", "<="]), bound)
    atoms: st.SearchStrategy[Condition] = compared | aged | st.builds(Never, metrics) | st.just(Always())
    return st.recursive(
        atoms,
        lambda parts: (
            st.builds(And, st.tuples(parts, parts)) | st.builds(Or, st.tuples(parts, parts)) | st.builds(Not, parts)
        ),
        max_leaves=5,
    )


@pytest.fixture(scope="session")
def arrive() -> Callable[..., Arrival]:
    """An event of a member as read from the log: `arrive("order.confirmed", at, amount_minor=500, appended_at=…)`."""
    return _arrive


def _arrive(
    name: str,
    at: datetime,
    *,
    member: int = 1,
    number: int = 0,
    appended_at: datetime | None = None,
    amount_minor: int = 1000,
    messages: int = 1,
    confirmed_at: datetime | None = None,
) -> Arrival:
    event = _event(name, at, UUID(int=member), amount_minor, messages, confirmed_at or at)
    event_id = uuid5(NOBODY, f"{name} {member} {at.isoformat()} {number}")
    return Arrival(event_id=event_id, time=at, appended_at=appended_at or at, event=event)


def _event(name: str, at: datetime, member_id: UUID, amount_minor: int, messages: int, confirmed_at: datetime) -> Event:
    order = {"order_id": NOBODY, "member_id": member_id, "amount_minor": amount_minor, "currency": "CNY"}
    match name:
        case "member.registered":
            return MemberRegistered(member_id=member_id, channel="wechat", registered_at=at)
        case "chat.message_counted":
            return ChatMessageCounted(
                community_id=NOBODY, member_id=member_id, batch_id=NOBODY, channel="wechat", messages=messages
            )
        case "checkin.recorded":
            return CheckinRecorded(member_id=member_id, business_day=at.astimezone(UTC).date(), streak=1)
        case "message.read":
            return MessageRead(message_id=NOBODY, member_id=member_id, read_at=at)
        case "coupon.claimed":
            return CouponClaimed(coupon_id=NOBODY, member_id=member_id, template="spring")
        case "order.confirmed":
            return OrderConfirmed(**order, pickup_point_id=NOBODY, channel="self", confirmed_at=confirmed_at)
        case "order.voided":
            return OrderVoided(**order, confirmed_at=confirmed_at, voided_at=at, reason="refunded")
        case "order.refunded":
            return OrderRefunded(**order, refund_id=NOBODY, full=True, refunded_at=at)
    raise LookupError(name)
