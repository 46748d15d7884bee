"""What members do, in the proportions of a shop, and members who have lived so for a while by the shipped policy."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested
from lifecycle.authoring.service import shipped_policy
from lifecycle.engine.domain import compiled
from lifecycle.facts.events.domain import EVENTS
from lifecycle.members.domain import Member
from lifecycle.publishing.versions.domain import alone
from lifecycle.stepping.domain import Arrival, step
from lifecycle.stepping.moments.domain import Stepped

ZONE = "Asia/Shanghai"
ENGINE = compiled(shipped_policy(tz=ZONE))
VERSIONS = alone(ENGINE)
START = datetime(2026, 1, 1, 4, tzinfo=UTC)
NOBODY = UUID(int=7)
GAP = timedelta(hours=16)

MIX = {
    "chat.message_counted": 50,
    "checkin.recorded": 25,
    "message.read": 12,
    "order.confirmed": 12,
    "order.voided": 1,
}
"""Per cent of what members do."""


def happening(name: str, at: datetime, *, member_id: UUID = NOBODY, **fields: object) -> Event:
    ids = ("order_id", "pickup_point_id", "community_id", "batch_id", "message_id", "coupon_id")
    every: dict[str, object] = {
        **dict.fromkeys(ids, NOBODY),
        "member_id": member_id,
        "channel": "self",
        "currency": "CNY",
        "reason": "refunded",
        "streak": 1,
        "business_day": at.date(),
        **dict.fromkeys(("registered_at", "confirmed_at", "voided_at", "read_at", "granted_at", "sent_at"), at),
    }
    return msgspec.convert(every | fields, EVENTS[name])


def deed(random_: random.Random, at: datetime, *, member_id: UUID = NOBODY) -> Event:
    """One of the mix. What is voided was confirmed two days before."""
    name = random_.choices(list(MIX), list(MIX.values()))[0]
    happened = at - (timedelta(days=2) if name == "order.voided" else timedelta())
    return happening(
        name,
        happened,
        member_id=member_id,
        amount_minor=random_.randint(500, 20_000),
        messages=random_.randint(1, 9),
    )


def arrivals(random_: random.Random, at: datetime, *, late: timedelta = timedelta()) -> Iterator[Arrival]:
    while True:
        at += GAP * random_.uniform(0.5, 1.5)
        event = deed(random_, at - late)
        yield Arrival(event_id=UUID(int=random_.getrandbits(100)), time=at - late, appended_at=at, event=event)


def stepped(member: Member | None, arrival: Arrival) -> Stepped:
    return step(VERSIONS, member, arrival, gate=arrival.appended_at, watermark=arrival.appended_at)


def history(events: int, *, seed: int, start: datetime = START) -> Member:
    """A member after so many events, sixteen hours apart, the first of them the registration."""
    source = arrivals(random.Random(seed), start)
    registered = Arrival(event_id=NOBODY, time=start, appended_at=start, event=happening("member.registered", start))
    member = None
    for arrival in (registered, *(next(source) for _ in range(events - 1))):
        now = stepped(member, arrival)
        member = now.member
        for request in (request for decision in now.decisions for request in decision.requests):
            member = answered(member, request, arrival.appended_at)
    assert member is not None  # noqa: S101 - the registration made one
    return member


def answered(member: Member, request: ActionRequested, at: datetime) -> Member:
    """Whoever carries actions out answers at once, as they do in practice."""
    name, kind = ("message.sent", "") if hasattr(request.action, "channel") else ("reward.granted", "coupon")
    event = happening(name, at, action_id=request.action_id, kind=kind, template="x")
    return stepped(member, Arrival(event_id=NOBODY, time=at, appended_at=at, event=event)).member
