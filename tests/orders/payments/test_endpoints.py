from datetime import timedelta
from typing import Any

import pytest

from common.auth.principal import Role
from common.clock import VirtualClock
from common.contracts.orders import OrderConfirmed, OrderPaid, OrderRefunded
from common.errors import Unavailable
from common.ids import new_id
from common.testing.services import RunningService
from factories.orders import Shop

pytestmark = pytest.mark.integration

OPERATOR = [Role.OPERATOR]


async def exceptions(shop: Shop) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await shop.get("/payment-exceptions", roles=OPERATOR)).json()["items"]
    return items


async def test_while_an_attempt_is_open_it_is_given_again(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))

    assert await shop.begin_payment(order) == await shop.begin_payment(order)


async def test_an_operator_may_begin_for_a_member(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    answer = await shop.post(f"/orders/{order['id']}/payments", {}, roles=OPERATOR)

    assert answer.status_code == 201


async def test_somebody_elses_order_is_not_found(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    answer = await shop.post(f"/orders/{order['id']}/payments", {}, member_id=new_id())

    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


async def test_what_is_paid_or_over_is_not_payable(shop: Shop, clock: VirtualClock, orders: RunningService) -> None:
    member, sku = new_id(), await shop.sku()
    paid, overdue = await shop.place(member, (sku, 1)), await shop.place(member, (sku, 1))
    await shop.pay(paid)
    answer = await shop.post(f"/orders/{paid['id']}/payments", {}, member_id=member)
    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_payable")

    await clock.advance_to(clock.now() + timedelta(minutes=30))
    answer = await shop.post(f"/orders/{overdue['id']}/payments", {}, member_id=member)
    assert (answer.status_code, answer.json()["code"]) == (409, "pay_deadline_passed")
    await orders.fire_timers()


async def test_an_unknown_provider_is_refused(shop: Shop) -> None:
    member = new_id()
    order = await shop.place(member, (await shop.sku(), 1))
    answer = await shop.post(f"/orders/{order['id']}/payments", {"provider": "gold"}, member_id=member)
    assert (answer.status_code, answer.json()["code"]) == (422, "payment_provider_unknown")

    callback = await shop.service.client.post("/orders/v1/payment-callbacks/gold", content=b"{}")
    assert (callback.status_code, callback.json()["code"]) == (422, "payment_provider_unknown")


async def test_a_callback_without_the_token_is_rejected(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    payment = await shop.begin_payment(order)
    answer = await shop.call_back(payment, token="0" * 64)

    assert (answer.status_code, answer.json()["code"]) == (422, "callback_rejected")
    assert (await shop.order(order))["status"] == "pending_payment"


async def test_a_callback_repeated_is_booked_once(shop: Shop, orders: RunningService) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    payment = await shop.begin_payment(order)
    answers = [await shop.call_back(payment) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert len(await orders.events(OrderPaid)) == len(await orders.events(OrderConfirmed)) == 1
    assert await exceptions(shop) == []


async def test_money_twice_is_sent_back_once(shop: Shop, orders: RunningService) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    payment = await shop.begin_payment(order)
    for transaction in ("first", "second", "second"):
        await shop.call_back(payment, transaction_id=transaction)

    [found] = await exceptions(shop)
    assert (found["kind"], found["transaction_id"], found["refund_status"]) == ("duplicate", "second", "succeeded")
    assert (await shop.order(order))["status"] == "confirmed"
    assert await orders.events(OrderRefunded) == []


async def test_late_money_is_sent_back(shop: Shop, orders: RunningService, clock: VirtualClock) -> None:
    member, sku = new_id(), await shop.sku(stock=1)
    order = await shop.place(member, (sku, 1))
    payment = await shop.begin_payment(order)
    await shop.post(f"/orders/{order['id']}/cancel", member_id=member)
    assert await shop.stock(sku) == 1
    await shop.call_back(payment)
    await shop.call_back(payment)

    [found] = await exceptions(shop)
    assert (found["kind"], found["refund_status"], found["amount_minor"]) == ("late", "succeeded", 1000)
    assert (await shop.order(order))["status"] == "cancelled"
    assert await shop.stock(sku) == 1
    assert await orders.events(OrderPaid) == []
    [refund] = (await shop.get(f"/orders/{order['id']}/refunds", member_id=member)).json()["items"]
    assert (refund["kind"], refund["status"], refund["lines"]) == ("late", "succeeded", [])


async def test_another_amount_confirms_nothing_and_is_sent_back(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    wrong: list[dict[str, Any]] = [{"amount_minor": 999}, {"amount_minor": 1001}, {"currency": "USD"}]
    seen = set[str]()
    for changes in wrong:
        payment = await shop.begin_payment(order)
        seen.add(payment["id"])
        await shop.call_back(payment, **changes)
        assert (await shop.order(order))["status"] == "pending_payment", changes

    found = await exceptions(shop)
    assert [(one["kind"], one["refund_status"]) for one in found] == [("amount_mismatch", "succeeded")] * 3
    assert (await shop.pay(order))["id"] not in seen
    assert len(seen) == 3
    assert (await shop.order(order))["status"] == "confirmed"


async def test_nothing_received_is_an_exception_without_refund(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    await shop.call_back(await shop.begin_payment(order), amount_minor=0)

    [found] = await exceptions(shop)
    assert (found["kind"], found["refund_id"]) == ("amount_mismatch", None)


async def test_money_of_an_attempt_that_was_closed_still_pays_the_order(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    closed = await shop.begin_payment(order)
    await shop.call_back(closed, outcome="closed")
    another = await shop.begin_payment(order)
    assert another["id"] != closed["id"]
    await shop.call_back(closed)
    assert (await shop.order(order))["status"] == "confirmed"

    await shop.call_back(another)
    [found] = await exceptions(shop)
    assert (found["kind"], found["payment_id"]) == ("duplicate", another["id"])


async def test_an_unknown_outcome_keeps_the_attempt(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    payment = await shop.begin_payment(order)
    await shop.call_back(payment, outcome="unknown")
    again = await shop.begin_payment(order)
    assert (again["id"], again["status"]) == (payment["id"], "unknown")

    await shop.call_back(payment)
    await shop.call_back(payment, outcome="closed")
    assert (await shop.order(order))["status"] == "confirmed"


async def test_a_provider_that_is_away_leaves_an_attempt_to_go_on_with(shop: Shop) -> None:
    member = new_id()
    order = await shop.place(member, (await shop.sku(), 1))
    provider = shop.script(opening=Unavailable("away", retry_after_seconds=5))
    away = await shop.post(f"/orders/{order['id']}/payments", {}, member_id=member, key="pay")
    assert (away.status_code, away.headers["retry-after"]) == (503, "5")

    provider.opening = None
    again = await shop.post(f"/orders/{order['id']}/payments", {}, member_id=member, key="pay")
    assert again.status_code == 201
