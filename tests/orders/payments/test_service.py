import pytest

from common.ids import new_id
from factories.orders import Shop
from orders.adapters.providers import DEVELOPMENT, Notice
from orders.payments import service

pytestmark = pytest.mark.integration


async def test_money_for_nothing_we_know_waits_for_a_person(shop: Shop) -> None:
    notice = Notice(payment_id=new_id(), outcome="paid", transaction_id="t", amount_minor=5, currency="CNY")
    for _ in range(2):
        await service.receive(shop.service.db, shop.resources, notice, provider=DEVELOPMENT)

    [found] = await service.list_exceptions(shop.service.db, before=None, limit=10)
    assert (found.kind, found.order_id, found.refund_id) == ("unknown_payment", None, None)


async def test_another_provider_cannot_pay_with_a_payments_name(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    payment = await shop.begin_payment(order)
    notice = Notice(payment_id=payment["id"], outcome="paid", transaction_id="t", amount_minor=1000, currency="CNY")
    await service.receive(shop.service.db, shop.resources, notice, provider="another")

    assert (await shop.order(order))["status"] == "pending_payment"
    [found] = await service.list_exceptions(shop.service.db, before=None, limit=10)
    assert found.kind == "unknown_payment"


async def test_closing_what_nobody_answers_for_is_not_knowing(shop: Shop) -> None:
    order = await shop.place(new_id(), (await shop.sku(), 1))
    payment = await shop.begin_payment(order)
    shop.script(closing=TimeoutError())

    outcome = await service.close_open(shop.service.db, shop.resources, payment_id=payment["id"], provider=DEVELOPMENT)
    assert outcome == "unknown"
    outcome = await service.close_open(shop.service.db, shop.resources, payment_id=payment["id"], provider="gone")
    assert outcome == "unknown"
