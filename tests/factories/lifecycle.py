"""What members do, as events of other services, and a lifecycle whose clock is driven."""

import subprocess
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from common.auth.principal import Role
from common.bus.locks import EVERY_LANE, lock_lanes
from common.bus.position import Position
from common.bus.records import LogRow, Received
from common.clock import VirtualClock
from common.contracts.engagement import ChatMessageCounted, CheckinRecorded
from common.contracts.envelope import decode, encode
from common.contracts.event import Event
from common.contracts.members import MemberRegistered, RewardGranted, RewardRefused
from common.contracts.orders import OrderConfirmed, OrderVoided
from common.ids import new_id
from common.testing.services import RunningService
from lifecycle.batches.handlers import step_members
from lifecycle.batches.ticks.service import LARGEST, tick
from lifecycle.publishing.walking.service import Walking

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""Noon of a Monday in Shanghai."""
ZONE = ZoneInfo("Asia/Shanghai")
Command = Callable[..., subprocess.CompletedProcess[str]]
"""The command line: its arguments, what is typed when it asks, and settings."""
DAY, HOUR, INSTANT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)


def member(number: int) -> UUID:
    return uuid5(UUID(int=0), f"member {number}")


def midnight(moment: datetime, *, days: int = 0) -> datetime:
    """The start of the business day so many days after the one of a moment."""
    local = moment.astimezone(ZONE).date() + timedelta(days=days)
    return datetime(local.year, local.month, local.day, tzinfo=ZONE).astimezone(UTC)


def registered(member_id: UUID, at: datetime = START) -> MemberRegistered:
    return MemberRegistered(member_id=member_id, channel="wechat", registered_at=at)


def ordered(member_id: UUID, at: datetime = START, *, amount_minor: int = 1000) -> OrderConfirmed:
    return OrderConfirmed(
        order_id=new_id(),
        member_id=member_id,
        amount_minor=amount_minor,
        currency="CNY",
        channel="self",
        pickup_point_id=UUID(int=1),
        confirmed_at=at,
    )


def voided(order: OrderConfirmed, at: datetime) -> OrderVoided:
    return OrderVoided(
        order_id=order.order_id,
        member_id=order.member_id,
        amount_minor=order.amount_minor,
        currency=order.currency,
        confirmed_at=order.confirmed_at,
        voided_at=at,
        reason="refunded",
    )


def chatted(member_id: UUID, *, messages: int = 1) -> ChatMessageCounted:
    return ChatMessageCounted(
        community_id=UUID(int=2), member_id=member_id, batch_id=new_id(), channel="wecom", messages=messages
    )


def checked_in(member_id: UUID, day: date = date(2026, 3, 2), *, streak: int = 1) -> CheckinRecorded:
    return CheckinRecorded(member_id=member_id, business_day=day, streak=streak)


def granted(action_id: UUID, member_id: UUID, at: datetime = START) -> RewardGranted:
    return RewardGranted(action_id=action_id, member_id=member_id, kind="coupon", granted_at=at, coupon_id=new_id())


def refused(action_id: UUID, member_id: UUID) -> RewardRefused:
    return RewardRefused(action_id=action_id, member_id=member_id, kind="coupon", reason="supply_exhausted")


def read(event: Event, at: datetime, *, number: int, own_time: datetime | None = None) -> Received[Any]:
    """An event as it was read: the nth of its producer's log, appended at that moment."""
    event_id = uuid5(UUID(int=0), f"{event.NAME} {number}")
    kind = event.type_name()
    producer = event.producer()
    encoded = encode(event, event_id=event_id, service=producer, type_name=kind, time=own_time or at)
    row = LogRow(producer, Position(1, number), at, event.subject, kind, event_id, encoded)
    envelope, decoded = decode(encoded)
    return Received(decoded, envelope, row)


class Life:
    """A running lifecycle on a virtual clock. Nothing is read and no time passes but when told to."""

    def __init__(self, service: RunningService, clock: VirtualClock) -> None:
        self.service = service
        self.clock = clock

    async def happen(self, *events: Event) -> None:
        """Append events to their producers' logs now, and read everything."""
        await self.service.receive(*events)

    async def append(self, *events: Event) -> None:
        """Append events to their producers' logs now; a worker reads them."""
        for event in events:
            async with (await self.service._producer(event.producer())).transaction() as uow:
                uow.append(event)

    async def hand_over(self, events: Sequence[Received[Any]]) -> None:
        """One batch, as a consumer carries it out."""
        async with self.service.db.transaction() as uow:
            await lock_lanes(uow, uow.service)
            await step_members(uow, events)

    async def pass_to(self, moment: datetime) -> None:
        """Move the clock and let time pass for everybody: all that was appended before has been read."""
        await self.clock.advance_to(moment)
        await self.tick(moment - INSTANT)

    async def tick(self, up_to: datetime, *, lanes: Collection[int] = EVERY_LANE) -> int:
        woken = 0
        while last := await tick(self.service.db, lanes=lanes, up_to=up_to):
            woken += last
            if last < LARGEST:
                break
        return woken

    async def walk(self) -> None:
        """Carry every walk on until none can go on."""
        walking = Walking(self.service.db)
        while await walking(EVERY_LANE):
            pass

    async def post(self, path: str, *, method: str = "POST", status: int = 201, **body: Any) -> Any:
        """As an operator. What is not posted has its body in the query."""
        headers = {**self.service.headers(Role.OPERATOR), "Idempotency-Key": str(new_id())}
        posted = method in {"POST", "PUT"} and bool(body or method == "POST")
        answer = await self.service.client.request(
            method,
            f"/lifecycle/v1{path}",
            headers=headers,
            json=body if posted else None,
            params=None if posted else body,
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def publish(self, text: str, **order: Any) -> int:
        """Prepare a policy, count what it counts anew, publish it; its version."""
        version: int = (await self.post("/policies", text=text))["version"]
        await self.walk()
        replaces = (await self.get("/policies"))["in_force"]
        await self.post(f"/policies/{version}/publish", **{"replaces": replaces, **order})
        return version

    async def get(self, path: str, *roles: Role, member_id: UUID | None = None, **query: Any) -> Any:
        """`from_` is asked for as `from`."""
        query = {name.removesuffix("_"): value for name, value in query.items()}
        answer = await self.service.client.get(
            f"/lifecycle/v1{path}",
            params=query,
            headers=self.service.headers(*(roles or (Role.OPERATOR,)), member_id=member_id),
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def member(self, member_id: UUID) -> Any:
        return await self.get(f"/members/{member_id}")
