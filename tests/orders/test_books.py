"""Whatever happens at once, seeded: in the end every unit, coupon and fen is in exactly one place (`Shop.check_books`)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx2
import pytest

from common.auth.principal import Role
from common.clock import VirtualClock
from common.ids import new_id
from common.testing.services import RunningService
from factories.orders import Json, ScriptedProvider, Shop
from orders.jobs import ask_providers
from orders.payments import service as payments

pytestmark = pytest.mark.integration

OPERATOR = [Role.OPERATOR]
ROUNDS, AT_ONCE = 5, 16


class Crowd:
    """Members, operators, clerks and a payment provider of moods, all at once, each doing whatever is to be done."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.dice = shop, Random(seed)
        self.members = [new_id() for _ in range(4)]
        self.provider: ScriptedProvider = shop.script()
        self.skus: list[str] = []
        self.campaign = ""
        self.coupons: dict[UUID, list[str]] = {}
        self.orders: list[Json] = []
        self.attempts: list[Json] = []

    async def prepare(self) -> None:
        self.skus = [
            await self.shop.sku(price_minor=price, stock=stock) for price, stock in ((333, 30), (0, 9), (7, 60))
        ]
        self.campaign = await self.shop.campaign(*((sku, 5, 12) for sku in self.skus))
        for member in self.members:
            self.coupons[member] = [await self.shop.coupon(member, value_minor=value) for value in (50, 400)]
        await self.shop.point()

    async def do_something(self) -> int:
        """The status of what was asked for, 200 for what was not asked by HTTP."""
        deeds: list[Callable[[], Awaitable[httpx2.Response | None]]] = [
            self.place, self.place, self.begin, self.pay, self.pay, self.cancel, self.refund, self.pick_up, self.hear
        ]  # fmt: skip
        answer = await self.dice.choice(deeds)()
        return answer.status_code if answer is not None else 200

    async def place(self) -> httpx2.Response:
        member = self.dice.choice(self.members)
        lines = [(self.dice.choice(self.skus), self.dice.randint(1, 3)) for _ in range(self.dice.randint(1, 3))]
        more: Json = {"campaign_id": self.campaign} if self.dice.random() < 0.4 else {}
        if self.dice.random() < 0.5:
            more["coupon_id"] = self.dice.choice(self.coupons[member])
        wish = await self.shop.wish(*lines, **more)
        quote = await self.shop.post("/quotes", wish, member_id=member, key=None)
        if not quote.is_success:
            return quote
        body = wish | {"payable_minor": quote.json()["payable_minor"]}
        answer = await self.shop.post("/orders", body, member_id=member)
        if answer.is_success:
            self.orders.append(answer.json())
        return answer

    async def begin(self) -> httpx2.Response | None:
        order = self._an_order()
        if order is None:
            return None
        answer = await self.shop.post(f"/orders/{order['id']}/payments", member_id=UUID(order["member_id"]))
        if answer.is_success:
            self.attempts.append(answer.json())
        return answer

    async def pay(self) -> None:
        """Money for an attempt, new or told before, now and then another amount."""
        if self.attempts:
            attempt = self.dice.choice(self.attempts)
            booking = self.shop.booking(
                attempt,
                transaction_id=f"{attempt['id']}-{self.dice.choice('aaab')}",
                amount_minor=attempt["amount_minor"] + self.dice.choice([0] * 9 + [1]),
            )
            async with self.shop.service.db.transaction() as uow:
                await booking(uow)

    async def cancel(self) -> httpx2.Response | None:
        order = self._an_order()
        return await self.shop.post(f"/orders/{order['id']}/cancel", roles=OPERATOR) if order else None

    async def refund(self) -> httpx2.Response | None:
        order = self._an_order()
        if order is None:
            return None
        body: Json = {"reason": "spoiled"}
        if self.dice.random() < 0.7:
            body["lines"] = [{"line_id": self.dice.choice(order["lines"])["id"], "quantity": 1}]
        return await self.shop.post(f"/orders/{order['id']}/refunds", body, roles=OPERATOR)

    async def pick_up(self) -> httpx2.Response | None:
        order = self._an_order()
        code = (await self.shop.order(order))["pickup_code"] if order else None
        path = f"/pickup-points/{await self.shop.point()}/pickups"
        return await self.shop.post(path, {"code": code}, roles=OPERATOR) if code else None

    async def hear(self) -> None:
        """The provider changes its mood, and is asked."""
        self.provider.refunding = self.dice.choice(["succeeded", "succeeded", "pending", "failed", TimeoutError()])
        self.provider.closing = self.dice.choice(["closed", "unknown", TimeoutError()])
        await ask_providers(self.shop.service.db)

    def _an_order(self) -> Json | None:
        return self.dice.choice(self.orders) if self.orders else None


async def settle(shop: Shop, crowd: Crowd, clock: VirtualClock) -> None:
    """Let every deadline pass, and the provider answer everything."""
    crowd.provider.refunding, crowd.provider.closing = "succeeded", "closed"
    for refund in (await shop.get("/refunds", roles=OPERATOR, status="failed", limit=200)).json()["items"]:
        await shop.operate(f"/refunds/{refund['id']}/retry")
    for _ in range(3):
        await clock.advance_to(clock.now() + timedelta(hours=2))
        await ask_providers(shop.service.db)
        await shop.service.fire_timers()


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_books_hold_whatever_happens_at_once(
    shop: Shop, orders: RunningService, clock: VirtualClock, seed: int
) -> None:
    crowd = Crowd(shop, seed)
    await crowd.prepare()
    statuses = list[Any]()
    for _ in range(ROUNDS):
        statuses += await asyncio.gather(*(crowd.do_something() for _ in range(AT_ONCE)))
        await clock.advance_to(clock.now() + timedelta(minutes=crowd.dice.choice([1, 9])))
        await orders.fire_timers()
    await settle(shop, crowd, clock)

    assert set(statuses) <= {200, 201, 404, 409}
    ends = {(await shop.order(order))["status"] for order in crowd.orders}
    assert "pending_payment" not in ends
    assert len(ends) > 1
    held = await orders.db.fetchval("SELECT (SELECT sum(reserved) FROM sku) + (SELECT sum(reserved) FROM campaign_sku)")
    assert held == 0
    open_refunds = await orders.db.fetchval("SELECT count(*) FROM refund WHERE status <> 'succeeded'")
    assert open_refunds == 0
    unwanted = await payments.list_exceptions(orders.db, before=None, limit=200)
    assert all(exception.refund_status == "succeeded" for exception in unwanted)
