"""A shop on a running orders service: what tests need to have bought something, through its HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from common.auth.principal import Role
from common.contracts.members import CouponIssued
from common.ids import new_id
from common.testing.services import RunningService

Json = dict[str, Any]


@dataclass
class Shop:
    """Answers are asserted to succeed; what is to fail is asked for by `post`."""

    service: RunningService
    operator: UUID = field(default_factory=new_id)
    _points: list[str] = field(default_factory=list)

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
