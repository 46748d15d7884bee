"""A shop on a running orders service: what tests need to have bought something, through its HTTP, and its books."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx2

from common.auth.principal import Role
from common.contracts.envelope import decode
from common.contracts.event import Event
from common.contracts.members import CouponIssued
from common.contracts.orders import (
    CouponExpired,
    CouponRedeemed,
    CouponReleased,
    CouponRetained,
    CouponRevoked,
    OrderConfirmed,
    OrderPaid,
    OrderRefunded,
    OrderVoided,
)
from common.db import UnitOfWork
from common.ids import new_id
from common.testing.services import RunningService
from orders.adapters.providers import DEVELOPMENT, Notice, Outcome, Payable, RefundOutcome, Repayable
from orders.payments import service as payments
from orders.placement import service as placement
from orders.placement.repository import NewOrder
from orders.placement.service import Placing
from orders.quotes import service as quotes
from orders.quotes.schemas import QuoteRequest
from orders.resources import Resources

Json = dict[str, Any]
PlacingWork = Callable[[UnitOfWork], Awaitable[NewOrder]]
BookingWork = Callable[[UnitOfWork], Awaitable[UUID | None]]

TOLD: Mapping[type[Event], str] = {
    CouponRedeemed: "redeemed",
    CouponReleased: "issued",
    CouponExpired: "expired",
    CouponRevoked: "revoked",
}

# Units given back before the order was handed over are for sale again; tests let time pass between the two.
_COUNTED = """
    SELECT {row}.*, held, bought FROM {row} LEFT JOIN LATERAL (
        SELECT coalesce(sum(line.quantity) FILTER (WHERE orders.status = 'pending_payment'), 0) AS held,
               coalesce(sum(CASE WHEN orders.status = 'refunded' AND picked_up_at IS NULL THEN 0
                                 ELSE line.quantity - given_back END)
                        FILTER (WHERE orders.status IN ('confirmed', 'picked_up', 'refunded')), 0) AS bought
        FROM order_line AS line JOIN orders ON orders.id = order_id, LATERAL (
            SELECT coalesce(sum(refund_line.quantity), 0) AS given_back
            FROM refund_line JOIN refund ON refund.id = refund_id
            WHERE refund_line.line_id = line.line_id AND refund.status = 'succeeded'
              AND (picked_up_at IS NULL OR settled_at < picked_up_at)
        ) AS returned
        WHERE {condition}
    ) AS counted ON true WHERE reserved <> held OR sold <> bought"""

# What must hold whenever nobody is in the middle of anything; each query lists what is wrong.
BOOKS = {
    "stock is held by unpaid orders and sold to the others": _COUNTED.format(
        row="sku", condition="takes_stock AND line.sku_id = sku.id"
    ),
    "caps are held by unpaid orders and used by the others": _COUNTED.format(
        row="campaign_sku",
        condition="takes_cap AND line.sku_id = campaign_sku.sku_id AND orders.campaign_id = campaign_sku.campaign_id",
    ),
    "the lines add up to the order": """
        SELECT orders.id FROM orders JOIN order_line ON order_id = orders.id GROUP BY orders.id
        HAVING sum(amount_minor) <> items_minor OR sum(order_line.discount_minor) <> orders.discount_minor
            OR sum(order_line.refunded_minor) <> orders.refunded_minor""",
    "each line's discount has its reasons": """
        SELECT line_id FROM order_line LEFT JOIN order_adjustment USING (order_id, line_id) GROUP BY order_id, line_id
        HAVING coalesce(sum(order_adjustment.amount_minor), 0) <> min(discount_minor)""",
    "a coupon is where its order says": """
        SELECT orders.id, coupon.status FROM orders LEFT JOIN coupon ON coupon.order_id = orders.id
        WHERE orders.coupon_id IS NOT NULL AND coupon.status IS DISTINCT FROM CASE
            WHEN orders.status = 'pending_payment' THEN 'locked'
            WHEN orders.status IN ('confirmed', 'picked_up') THEN 'redeemed' END""",
    "an order has no more than its own coupon": """
        SELECT coupon.id FROM coupon JOIN orders ON orders.id = coupon.order_id
        WHERE orders.coupon_id IS DISTINCT FROM coupon.id OR orders.member_id <> coupon.member_id""",
    "money that came is an order's or an exception's, never both": """
        SELECT callback.transaction_id FROM payment_callback AS callback
        LEFT JOIN payment ON payment.transaction_id = callback.transaction_id AND payment.provider = callback.provider
        LEFT JOIN orders ON orders.payment_id = payment.id
        LEFT JOIN payment_exception AS exception
            ON exception.transaction_id = callback.transaction_id AND exception.provider = callback.provider
        WHERE (orders.id IS NULL) = (exception.id IS NULL)""",
    "money nobody wants has one refund of its amount": """
        SELECT exception.id FROM payment_exception AS exception LEFT JOIN refund ON refund.id = exception.refund_id
        WHERE exception.kind <> 'unknown_payment' AND exception.amount_minor > 0
          AND (refund.amount_minor, refund.currency, refund.transaction_id)
              IS DISTINCT FROM (exception.amount_minor, exception.currency, exception.transaction_id)""",
    "what was paid is what payments say": """
        SELECT orders.id FROM orders LEFT JOIN payment ON payment.id = orders.payment_id AND payment.status = 'paid'
        WHERE paid_minor <> coalesce(payment.amount_minor, 0)""",
    "refunds of goods add up to what the order says": """
        SELECT orders.id FROM orders
        LEFT JOIN refund ON refund.order_id = orders.id AND kind = 'goods' GROUP BY orders.id
        HAVING coalesce(sum(amount_minor), 0) <> refunded_minor
            OR count(refund.id) FILTER (WHERE refund.status <> 'succeeded') <> open_refunds""",
    "a deadline runs for unpaid orders only": """
        SELECT id FROM orders FULL JOIN timer ON business_id = id AND kind = 'pay_deadline'
        WHERE (status = 'pending_payment') IS DISTINCT FROM (business_id IS NOT NULL) AND kind IS DISTINCT FROM 'coupon_expiry'""",
    "the log of transitions ends in the status": """
        SELECT orders.id FROM orders WHERE NOT EXISTS (
            SELECT FROM order_transition WHERE order_id = orders.id AND to_status = orders.status)
        OR (SELECT count(*) FROM order_transition WHERE order_id = orders.id AND from_status IS NULL) <> 1""",
}


@dataclass
class ScriptedProvider:
    """A payment provider that answers as it was told to."""

    opening: Exception | None = None
    closing: Outcome | Exception = "closed"
    refunding: RefundOutcome | Exception = "succeeded"
    transaction_id: str = ""
    amount_minor: int = 0
    closed: list[UUID] = field(default_factory=list)
    refunded: list[Repayable] = field(default_factory=list)

    async def open(self, payable: Payable) -> dict[str, str]:
        if self.opening is not None:
            raise self.opening
        return {"token": str(payable.payment_id)}

    def read_callback(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        raise NotImplementedError

    async def close(self, payment_id: UUID) -> Notice:
        self.closed.append(payment_id)
        if isinstance(self.closing, Exception):
            raise self.closing
        return Notice(
            payment_id=payment_id,
            outcome=self.closing,
            transaction_id=self.transaction_id,
            amount_minor=self.amount_minor,
            currency="CNY",
        )

    async def refund(self, repayable: Repayable) -> RefundOutcome:
        self.refunded.append(repayable)
        if isinstance(self.refunding, Exception):
            raise self.refunding
        return self.refunding


@dataclass
class Shop:
    """Answers are asserted to succeed; what is to fail is asked for by `post`."""

    service: RunningService
    operator: UUID = field(default_factory=new_id)
    _points: list[str] = field(default_factory=list)

    @property
    def resources(self) -> Resources:
        resources: Resources = self.service.db.resources
        return resources

    def script(self, **answers: Any) -> ScriptedProvider:
        """Let money move as the test says. Payments made before can then be called back about by `notice` only."""
        provider = ScriptedProvider(**answers)
        self.service.db.resources = replace(self.resources, providers={"development": provider})
        return provider

    async def check_books(self) -> None:
        for law, query in BOOKS.items():
            wrong = [dict(row) for row in await self.service.db.fetch(query)]
            assert not wrong, f"{law}: {wrong}"
        confirmed = sorted(event.order_id for event in await self.service.events(OrderConfirmed))
        assert confirmed == await self._ids("orders WHERE confirmed_at IS NOT NULL"), "who stood was told of once"
        voided = sorted(event.order_id for event in await self.service.events(OrderVoided))
        assert voided == await self._ids("orders WHERE voided_at IS NOT NULL"), "who fell was told of once"
        paid = sorted(event.payment_id for event in await self.service.events(OrderPaid))
        assert paid == await self._ids("payment WHERE id IN (SELECT payment_id FROM orders)"), "money was told of once"
        refunded = sorted(event.refund_id for event in await self.service.events(OrderRefunded))
        assert refunded == await self._ids("refund WHERE kind = 'goods' AND status = 'succeeded'"), "so were refunds"
        await self._check_coupons()

    async def _check_coupons(self) -> None:
        """What was told of each coupon last is what it is now."""
        rows = await self.service.db.fetch("SELECT id, status FROM coupon")
        told = dict[UUID, str]()
        for row in await self.service.db.fetch(
            "SELECT envelope FROM outbox WHERE type LIKE 'huitou.orders.coupon.%' ORDER BY generation, id"
        ):
            event = decode(row["envelope"])[1]
            if isinstance(event, CouponRetained):
                continue
            assert isinstance(event, CouponRedeemed | CouponReleased | CouponExpired | CouponRevoked)
            before = told.get(event.coupon_id)
            assert before not in {"expired", "revoked"} or before == TOLD[type(event)], (
                "what is over comes back no more"
            )
            told[event.coupon_id] = TOLD[type(event)]
        for row in rows:
            known = {"locked": "issued"}.get(row["status"], row["status"])
            assert told.get(row["id"], "issued") == known, f"coupon {row['id']} is {row['status']}"

    async def _ids(self, of: str) -> list[UUID]:
        rows = await self.service.db.fetch(f"SELECT id FROM {of} ORDER BY id")
        return [row["id"] for row in rows]

    async def post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        roles: Sequence[Role] = (),
        member_id: UUID | None = None,
        key: str | None = "new",
    ) -> httpx2.Response:
        headers = self.service.headers(*roles, member_id=member_id, key=key)
        return await self.service.client.post(f"/orders/v1{path}", json=dict(body or {}), headers=headers)

    async def get(
        self, path: str, *, roles: Sequence[Role] = (), member_id: UUID | None = None, **query: Any
    ) -> httpx2.Response:
        headers = self.service.headers(*roles, member_id=member_id)
        return await self.service.client.get(f"/orders/v1{path}", params=query, headers=headers)

    async def operate(self, path: str, body: Mapping[str, Any] | None = None, *, method: str = "POST") -> Json:
        headers = self.service.headers(Role.OPERATOR, member_id=self.operator, key="new")
        answer = await self.service.client.request(method, f"/orders/v1{path}", json=dict(body or {}), headers=headers)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    async def sku(self, *, price_minor: int = 1000, stock: int | None = None, name: str = "草莓 500g") -> str:
        code = new_id().hex
        product = await self.operate(
            "/products",
            {
                "code": f"p-{code}",
                "name": name,
                "skus": [{"code": f"s-{code}", "name": name, "price_minor": price_minor, "stock": stock}],
            },
        )
        return str(product["skus"][0]["id"])

    async def stock(self, sku_id: str) -> int | None:
        stock: int | None = (await self.get(f"/skus/{sku_id}")).json()["stock"]
        return stock

    async def point(self) -> str:
        """The first pick-up point made; the same again."""
        if not self._points:
            await self.new_point()
        return self._points[0]

    async def new_point(self, *, clerk: UUID | None = None) -> str:
        point = await self.operate("/pickup-points", {"code": new_id().hex, "name": "幸福小區東門"})
        self._points.append(point["id"])
        if clerk is not None:
            await self.operate(f"/pickup-points/{point['id']}/clerks/{clerk}", method="PUT")
        return str(point["id"])

    async def coupon(
        self,
        member_id: UUID,
        *,
        value_minor: int = 300,
        minimum_spend_minor: int = 0,
        currency: str = "CNY",
        days: int = 30,
    ) -> str:
        now = self.service.runtime.clock.now()
        coupon_id = new_id()
        await self.service.receive(
            CouponIssued(
                coupon_id=coupon_id,
                member_id=member_id,
                template="welcome",
                value_minor=value_minor,
                minimum_spend_minor=minimum_spend_minor,
                currency=currency,
                valid_from=now,
                expires_at=now + timedelta(days=days),
                source="operator",
            )
        )
        return str(coupon_id)

    async def campaign(
        self, *skus: tuple[str, int, int | None], coupons_allowed: bool = True, days: int = 3, opens_in: int = -1
    ) -> str:
        """Published; `skus`: id, price, cap; `opens_in` days."""
        now = self.service.runtime.clock.now()
        draft = await self.operate(
            "/campaigns",
            {
                "code": new_id().hex,
                "name": "週末團",
                "opens_at": (now + timedelta(days=opens_in)).isoformat(),
                "closes_at": (now + timedelta(days=days)).isoformat(),
                "coupons_allowed": coupons_allowed,
                "skus": [{"sku_id": sku, "price_minor": price, "cap": cap} for sku, price, cap in skus],
            },
        )
        await self.operate(f"/campaigns/{draft['id']}/publish")
        return str(draft["id"])

    async def wish(self, *lines: tuple[str, int], **more: Any) -> Json:
        return {
            "pickup_point_id": await self.point(),
            "lines": [{"sku_id": sku, "quantity": quantity} for sku, quantity in lines],
            **more,
        }

    async def quote(self, member_id: UUID, wish: Json) -> Json:
        answer = await self.post("/quotes", wish, member_id=member_id, key=None)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def place(self, member_id: UUID, *lines: tuple[str, int], **more: Any) -> Json:
        """An order at the price that was quoted."""
        wish = await self.wish(*lines, **more)
        payable = (await self.quote(member_id, wish))["payable_minor"]
        answer = await self.post("/orders", wish | {"payable_minor": payable}, member_id=member_id)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def placing(self, member_id: UUID, wish: Json) -> PlacingWork:
        """Placing as the endpoint does it, in a unit of work of the caller's: for races."""

        async def place(uow: UnitOfWork) -> NewOrder:
            asked = quotes.wish_of(QuoteRequest.model_validate(wish), member_id)
            quote = await quotes.make_quote(uow, asked, currency=self.resources.currency)
            placing = Placing(channel="self", placed_by=member_id, pay_window=self.resources.pay_window)
            return await placement.place(uow, asked, quote, placing, metrics=self.resources.metrics)

        return place

    async def begin_payment(self, order: Json) -> Json:
        answer = await self.post(f"/orders/{order['id']}/payments", {}, member_id=UUID(order["member_id"]))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def call_back(self, payment: Json, *, transaction_id: str | None = None, **changes: Any) -> httpx2.Response:
        """The provider's callback; by default it says that this payment was made."""
        body = {
            "payment_id": payment["id"],
            "token": payment["instructions"]["token"],
            "outcome": "paid",
            "transaction_id": transaction_id or payment["id"],
            "amount_minor": payment["amount_minor"],
            "currency": payment["currency"],
            **changes,
        }
        return await self.service.client.post("/orders/v1/payment-callbacks/development", json=body)

    def booking(self, payment: Json, *, transaction_id: str | None = None, **changes: Any) -> BookingWork:
        """Booking that this payment was made, in a unit of work of the caller's: for races. Gives the refund it led to."""
        notice = Notice(
            **{
                "payment_id": UUID(payment["id"]),
                "outcome": "paid",
                "transaction_id": transaction_id or payment["id"],
                "amount_minor": payment["amount_minor"],
                "currency": payment["currency"],
                **changes,
            }
        )
        return partial(payments.book, notice=notice, provider=DEVELOPMENT, metrics=self.resources.metrics)

    async def pay(self, order: Json) -> Json:
        payment = await self.begin_payment(order)
        answer = await self.call_back(payment)
        assert answer.status_code == 200, answer.text
        return payment

    async def order(self, order: Json) -> Json:
        """The order as it is now, as its owner sees it."""
        answer = await self.get(f"/orders/{order['id']}", member_id=UUID(order["member_id"]))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())
