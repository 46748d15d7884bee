from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from common.auth.principal import Role
from common.contracts.orders import OrderCancelled, OrderVoided
from common.errors import Unavailable
from common.http.limits import STRICTER
from common.ids import new_id
from common.testing.databases import Engines, cloned
from common.testing.services import RunningService, running_service
from factories.orders import Json, Shop
from orders.app import SERVICE

pytestmark = pytest.mark.integration

OPERATOR, CLERK = [Role.OPERATOR], [Role.CLERK]


async def ready(shop: Shop, **more: str) -> tuple[Json, str]:
    """An order to be picked up, and its code."""
    order = await shop.place(new_id(), (await shop.sku(stock=3), 1), **more)
    await shop.pay(order)
    return order, (await shop.order(order))["pickup_code"]


async def test_a_member_cancels_what_is_not_paid_and_has_everything_back(shop: Shop, orders: RunningService) -> None:
    member, sku = new_id(), await shop.sku(stock=2)
    order = await shop.place(member, (sku, 2), coupon_id=await shop.coupon(member))
    answers = [await shop.post(f"/orders/{order['id']}/cancel", member_id=member) for _ in range(2)]

    assert [answer.json()["status"] for answer in answers] == ["cancelled"] * 2
    assert answers[0].content == answers[1].content
    assert await shop.stock(sku) == 2
    assert (await shop.get("/coupons", member_id=member)).json()["items"][0]["status"] == "issued"
    [told] = await orders.events(OrderCancelled)
    assert (told.reason, told.member_id) == ("member", member)
    assert await orders.events(OrderVoided) == []


async def test_an_open_payment_is_closed_before_the_order_is_cancelled(shop: Shop) -> None:
    member = new_id()
    order = await shop.place(member, (await shop.sku(), 1))
    payment = await shop.begin_payment(order)
    provider = shop.script(closing=Unavailable("away"))
    path = f"/orders/{order['id']}/cancel"
    unsure = await shop.post(path, member_id=member)
    assert (unsure.status_code, unsure.json()["code"]) == (409, "payment_unsettled")
    assert unsure.headers["retry-after"] == "60"

    provider.closing = "closed"
    assert (await shop.post(path, member_id=member)).json()["status"] == "cancelled"
    assert set(provider.closed) == {UUID(payment["id"])}
    items = (await shop.get(f"/orders/{order['id']}/payments", member_id=member)).json()["items"]
    assert [(item["id"], item["status"]) for item in items] == [(payment["id"], "closed")]


async def test_what_turns_out_to_be_paid_is_not_cancelled(shop: Shop) -> None:
    member = new_id()
    order = await shop.place(member, (await shop.sku(), 1))
    payment = await shop.begin_payment(order)
    shop.script(closing="paid", transaction_id="found", amount_minor=payment["amount_minor"])
    answer = await shop.post(f"/orders/{order['id']}/cancel", member_id=member)

    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_cancellable")
    assert (await shop.order(order))["status"] == "confirmed"


async def test_a_free_order_is_cancelled_after_it_was_confirmed(shop: Shop, orders: RunningService) -> None:
    member, sku = new_id(), await shop.sku(price_minor=0, stock=1)
    order = await shop.place(member, (sku, 1))
    assert order["status"] == "confirmed"
    await shop.post(f"/orders/{order['id']}/cancel", roles=OPERATOR)

    [voided] = await orders.events(OrderVoided)
    assert (str(voided.order_id), voided.amount_minor, voided.reason) == (order["id"], 0, "cancelled")
    assert [event.reason for event in await orders.events(OrderCancelled)] == ["operator"]
    assert await shop.stock(sku) == 1


async def test_a_code_opens_one_order_at_its_point_to_its_clerks(shop: Shop) -> None:
    clerk, stranger = new_id(), new_id()
    point, elsewhere = await shop.new_point(clerk=clerk), await shop.new_point(clerk=stranger)
    order, code = await ready(shop, pickup_point_id=point)
    path = f"/pickup-points/{point}/pickups"

    for at, who, said in (
        (point, stranger, code),
        (elsewhere, stranger, code),
        (elsewhere, clerk, code),
        (str(new_id()), clerk, code),
        (point, clerk, "A" * 13),
    ):
        wrong = await shop.post(f"/pickup-points/{at}/pickups", {"code": said}, roles=CLERK, member_id=who)
        assert (wrong.status_code, wrong.json()["code"]) == (404, "pickup_code_unknown")
    handed_over = await shop.post(path, {"code": code.lower()}, roles=CLERK, member_id=clerk)
    assert (handed_over.json()["id"], handed_over.json()["status"]) == (order["id"], "picked_up")
    again = await shop.post(path, {"code": code}, roles=CLERK, member_id=clerk)
    assert (again.status_code, again.json()["code"]) == (409, "order_not_ready")


async def test_only_what_is_paid_and_not_going_back_is_handed_over(shop: Shop, orders: RunningService) -> None:
    clerk = new_id()
    point = await shop.new_point(clerk=clerk)
    unpaid = await shop.place(new_id(), (await shop.sku(), 1), pickup_point_id=point)
    code = await orders.db.fetchval("SELECT pickup_code FROM orders WHERE id = $1", UUID(unpaid["id"]))
    early = await shop.post(f"/pickup-points/{point}/pickups", {"code": code}, roles=CLERK, member_id=clerk)
    assert (early.status_code, early.json()["detail"]) == (409, "the order is pending_payment")

    order, code = await ready(shop, pickup_point_id=point)
    shop.script(refunding="pending")
    await shop.operate(f"/orders/{order['id']}/refunds", {"reason": "spoiled"})
    going = await shop.post(f"/pickup-points/{point}/pickups", {"code": code}, roles=CLERK, member_id=clerk)
    assert (going.status_code, going.json()["code"]) == (409, "order_not_ready")
    assert "refund" in going.json()["detail"]


async def test_what_cannot_be_a_code_is_not_looked_for(shop: Shop) -> None:
    for wrong in ("", "A" * 12, "A" * 14, "0" * 13, "\0" * 13, "Ａ" * 13, "A" * 13 + "\n", 7, None):
        answer = await shop.post(f"/pickup-points/{await shop.point()}/pickups", {"code": wrong}, roles=OPERATOR)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), wrong


@pytest.fixture
async def slow(engines: Engines, orders_template: str) -> AsyncIterator[RunningService]:
    """A service that lets each clerk try few codes a minute."""
    async with (
        cloned(engines, template=orders_template) as database,
        running_service(
            SERVICE, engines=engines, database=database, settings={"pickups_per_minute": 2 * STRICTER}
        ) as running,
    ):
        yield running


async def test_one_clerk_tries_no_more_codes_than_fit_in_a_minute_and_the_next_is_not_held_up(
    slow: RunningService,
) -> None:
    shop, clerks = Shop(slow), [new_id(), new_id()]
    path = f"/pickup-points/{await shop.point()}/pickups"
    answers = [
        [(await shop.post(path, {"code": "A" * 13}, roles=CLERK, member_id=clerk)).status_code for _ in range(3)]
        for clerk in clerks
    ]

    assert answers == [[404, 404, 429]] * 2
