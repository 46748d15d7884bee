"""Orders keep nothing personal; where a person may write, or a secret is made, planted words are looked for elsewhere."""

import logging
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from common.auth.principal import Role
from common.contracts.members import CouponIssued
from common.ids import new_id
from common.testing.services import RunningService
from factories.orders import Json, Shop

pytestmark = pytest.mark.integration

REASON = "金絲雀甲 +8613912345678 says it was spoiled"
REFERENCE = "canary-basket-13912345678"
WRONG = "canary, not a field"
CANARIES = (REASON, REFERENCE, WRONG)
OPERATOR = [Role.OPERATOR]


def found_in(text: str, words: tuple[str, ...]) -> list[str]:
    """The words in a text, as they are, escaped as in JSON, or in hexadecimal as PostgreSQL shows bytes."""
    return [
        word
        for word in words
        if word in text or word.encode().hex() in text or word.encode("ascii", "backslashreplace").decode() in text
    ]


async def holding(orders: RunningService, words: tuple[str, ...]) -> set[str]:
    """The tables of the service that have one of the words in a row."""
    tables = await orders.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'orders'")
    return {
        table["tablename"]
        for table in tables
        for row in await orders.db.fetch(f'SELECT t::text AS row FROM "{table["tablename"]}" AS t')
        if found_in(row["row"], words)
    }


async def live_a_life(shop: Shop) -> tuple[Json, str, str]:
    """An order with everything that can happen to it, and what goes wrong: its pick-up code, its payment's token."""
    orders, sku, clerk = shop.service, await shop.sku(), new_id()
    point = await shop.new_point(clerk=clerk)
    body = {
        "member_id": str(new_id()),
        "pickup_point_id": point,
        "lines": [{"sku_id": sku, "quantity": 1, "amount_minor": 5}],
        "source": "journey",
        "placed_reference": REFERENCE,
    }
    order = await shop.operate("/assisted-orders", body)
    taken = await shop.post("/assisted-orders", body | {"member_id": str(new_id())}, roles=OPERATOR)
    assert taken.status_code == 409
    payment = await shop.pay(order)
    for changes in ({"token": WRONG}, {"outcome": WRONG}, {WRONG: 1}, {"transaction_id": "again"}):
        await shop.call_back(payment, **changes)
    code = (await shop.order(order))["pickup_code"]
    for said in (code, code, WRONG):
        await shop.post(f"/pickup-points/{point}/pickups", {"code": said}, roles=[Role.CLERK], member_id=clerk)
    wrong = await shop.post(f"/orders/{order['id']}/refunds", {"reason": REASON, WRONG: 1}, roles=OPERATOR)
    assert wrong.status_code == 422
    await shop.operate(f"/orders/{order['id']}/refunds", {"reason": REASON})
    now = orders.runtime.clock.now()
    unkept = CouponIssued(
        coupon_id=new_id(),
        member_id=UUID(order["member_id"]),
        template=f"{WRONG}\0",
        value_minor=1,
        minimum_spend_minor=0,
        currency="CNY",
        valid_from=now,
        expires_at=now,
        source="claim",
    )
    await orders.receive(unkept)
    return order, code, payment["instructions"]["token"]


async def test_what_people_write_and_what_opens_things_stays_where_it_belongs(
    shop: Shop, orders: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        order, code, token = await live_a_life(shop)
    secrets = (code, token)

    assert await holding(orders, (REASON,)) == {"refund", "idempotency_key"}, (
        "the answer is kept for whoever repeats it"
    )
    assert await holding(orders, (REFERENCE,)) == {"orders", "idempotency_key"}
    assert await holding(orders, (code,)) == {"orders"}
    assert await holding(orders, (token,)) == set()
    assert await holding(orders, (WRONG,)) <= {"dead_letter"}, "an event as it came, for whoever replays it"
    assert await orders.db.fetchval("SELECT count(*) FROM dead_letter") == 1
    assert logs
    words = (*CANARIES, *secrets)
    assert found_in(repr(logs), words) == []
    assert found_in(caplog.text, words) == []
    metrics = (await orders.client.get("/orders/metrics")).text
    assert found_in(metrics, (*words, order["id"], order["member_id"], order["pickup_point_id"])) == []


async def test_the_lookout_sees_what_is_there(orders: RunningService) -> None:
    async with orders.db.transaction() as uow:
        for key, value in (("text", b""), ("bytes", REASON.encode())):
            await uow.execute(
                "INSERT INTO idempotency_key (actor, key, request_hash, response, created_at) VALUES ($1, $2, '', $3, $4)",
                REFERENCE if key == "text" else "somebody",
                key,
                value,
                uow.now,
            )

    for word in (REASON, REFERENCE):
        assert await holding(orders, (word,)) == {"idempotency_key"}
    assert await holding(orders, (WRONG,)) == set()
