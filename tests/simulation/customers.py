"""What members do, as the services tell it that they do it with. An act that makes no sense now does nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from common.contracts.engagement import (
    ChatMessageCounted,
    CheckinRecorded,
    CommunityJoined,
    ComplaintClosed,
    ComplaintOpened,
)
from common.contracts.members import BirthdayTold, ConsentChanged, MemberRegistered, PointsDeducted, TimezoneTold
from common.contracts.orders import OrderConfirmed, OrderRefunded, OrderVoided
from simulation.issuing import Members
from simulation.reaching import Engagement
from simulation.spending import Orders

_PLACE = UUID(int=7)
_HOUR = timedelta(hours=1)
BIRTHDAYS = ("03-04", "02-29", "12-31", "03-20", "")
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Customers:
    members: Members
    orders: Orders
    engagement: Engagement
    streaks: dict[UUID, int] = field(default_factory=dict)
    complaints: list[ComplaintOpened] = field(default_factory=list)

    def act(self, kind: str, whom: UUID, number: int, now: datetime) -> str | None:
        """What was done, in words; None: nothing."""
        return ACTS[kind](self, whom, number, now)

    def _registers(self, whom: UUID, _number: int, now: datetime) -> str | None:
        if whom in self.members.registered:
            return None
        self.members.registered.add(whom)
        self.members.tell(MemberRegistered(member_id=whom, channel="wechat", registered_at=now), now=now)
        return "registers"

    def _orders(self, whom: UUID, number: int, now: datetime) -> str | None:
        """Now and then it was confirmed hours ago, by a till that was offline."""
        confirmed_at = now - (number % 5 // 4) * 30 * _HOUR
        order = OrderConfirmed(
            order_id=uuid5(whom, f"order {len(self.orders.placed)}"),
            member_id=whom,
            amount_minor=1_000 + number % 3 * 1_000,
            currency="CNY",
            channel="self" if number % 2 else "assisted",
            pickup_point_id=UUID(int=number % 3),
            confirmed_at=confirmed_at,
        )
        self.orders.placed.append(order)
        self.orders.log.append(order, now=now, own_time=confirmed_at)
        return f"orders for {order.amount_minor}"

    def _voids(self, whom: UUID, number: int, now: datetime) -> str | None:
        placed = [
            each for each in self.orders.placed if each.member_id == whom and each.order_id not in self.orders.voided
        ]
        if not placed:
            return None
        order = placed[number % len(placed)]
        self.orders.voided.add(order.order_id)
        told = OrderVoided(
            order_id=order.order_id,
            member_id=whom,
            amount_minor=order.amount_minor,
            currency="CNY",
            confirmed_at=order.confirmed_at,
            voided_at=now,
            reason="refunded",
        )
        self.orders.tell(told, now=now)
        return f"has the order of {order.confirmed_at:%d %b %H:%M} voided"

    def _refunds(self, whom: UUID, _number: int, now: datetime) -> str | None:
        placed = [each for each in self.orders.placed if each.member_id == whom]
        if not placed:
            return None
        told = OrderRefunded(
            order_id=placed[-1].order_id,
            member_id=whom,
            refund_id=uuid5(whom, f"refund {now}"),
            amount_minor=100,
            currency="CNY",
            full=False,
            refunded_at=now,
        )
        self.orders.tell(told, now=now)
        return "is refunded a part"

    def _chats(self, whom: UUID, number: int, now: datetime) -> str | None:
        told = ChatMessageCounted(
            community_id=_PLACE,
            member_id=whom,
            batch_id=uuid5(whom, f"chat {now}"),
            channel="wecom",
            messages=1 + number % 3,
        )
        self.engagement.log.append(told, now=now, own_time=now - number % 4 * 7 * _HOUR)
        return "chats"

    def _checks_in(self, whom: UUID, _number: int, now: datetime) -> str | None:
        streak = self.streaks[whom] = self.streaks.get(whom, 0) + 1
        day = now.astimezone(SHANGHAI).date()
        self.engagement.tell(CheckinRecorded(member_id=whom, business_day=day, streak=streak), now=now)
        return "checks in"

    def _joins(self, whom: UUID, number: int, now: datetime) -> str | None:
        community = UUID(int=100 + number % 4)
        self.engagement.tell(CommunityJoined(community_id=community, member_id=whom, joined_at=now), now=now)
        return "joins a community"

    def _consent(self, whom: UUID, now: datetime, *, given: bool) -> str | None:
        if ((whom, "promo") in self.members.permitted) is given:
            return None
        (self.members.permitted.add if given else self.members.permitted.discard)((whom, "promo"))
        told = ConsentChanged(member_id=whom, purpose="promo", version="v1", given=given, changed_at=now)
        self.members.tell(told, now=now)
        return "consents" if given else "withdraws consent"

    def _spends_coupon(self, whom: UUID, number: int, now: datetime) -> str | None:
        return "spends a coupon" if self.orders.spend(whom, number, now) else None

    def _spends_points(self, whom: UUID, _number: int, now: datetime) -> str | None:
        balance = self.members.balances.get(whom, 0)
        if not balance:
            return None
        self.members.balances[whom] = 0
        entry = uuid5(whom, f"spent {now}")
        told = PointsDeducted(entry_id=entry, member_id=whom, points=balance, balance=0, reason="spent")
        self.members.tell(told, now=now)
        return f"spends {balance} points"

    def _tells_birthday(self, whom: UUID, number: int, now: datetime) -> str | None:
        birthday = BIRTHDAYS[number % len(BIRTHDAYS)]
        self.members.tell(BirthdayTold(member_id=whom, birthday=birthday), now=now)
        return f"tells a birthday: {birthday or 'none'}"

    def _tells_zone(self, whom: UUID, number: int, now: datetime) -> str | None:
        zone = ZONES[number % len(ZONES)]
        self.members.tell(TimezoneTold(member_id=whom, tz=zone), now=now)
        return f"tells a zone: {zone or 'none'}"

    def _complains(self, whom: UUID, _number: int, now: datetime) -> str | None:
        complaint = uuid5(whom, f"complaint {now}")
        told = ComplaintOpened(complaint_id=complaint, member_id=whom, topic="late", opened_at=now)
        self.complaints.append(told)
        self.engagement.tell(told, now=now)
        return "complains"

    def _closes(self, whom: UUID, _number: int, now: datetime) -> str | None:
        mine = [each for each in self.complaints if each.member_id == whom]
        if not mine:
            return None
        self.complaints.remove(mine[0])
        told = ComplaintClosed(
            complaint_id=mine[0].complaint_id,
            member_id=whom,
            topic="late",
            opened_at=mine[0].opened_at,
            closed_at=now,
            outcome="settled",
        )
        self.engagement.tell(told, now=now)
        return "has a complaint settled"


ACTS: Mapping[str, Callable[[Customers, UUID, int, datetime], str | None]] = {
    "registers": Customers._registers,
    "orders": Customers._orders,
    "voids": Customers._voids,
    "refunds": Customers._refunds,
    "chats": Customers._chats,
    "checks in": Customers._checks_in,
    "joins": Customers._joins,
    "consents": lambda self, whom, _, now: self._consent(whom, now, given=True),
    "withdraws consent": lambda self, whom, _, now: self._consent(whom, now, given=False),
    "spends coupon": Customers._spends_coupon,
    "spends points": Customers._spends_points,
    "tells birthday": Customers._tells_birthday,
    "tells zone": Customers._tells_zone,
    "complains": Customers._complains,
    "closes complaint": Customers._closes,
}
