"""Who may call what: every route has a rule here, and every role is tried on every route."""

import pytest

from common.auth.principal import Role
from common.testing.routes import (
    ANYONE,
    MEMBERS,
    OF_EVERY_SERVICE,
    ONCE_BY_ITSELF,
    OPERATORS,
    Rules,
    broken_rules,
    routes,
    thread_hops,
    without_key,
)
from common.testing.services import RunningService

pytestmark = pytest.mark.integration

CLERKS = OPERATORS | {Role.CLERK}

RULES: Rules = {
    **OF_EVERY_SERVICE,
    "POST /v1/campaigns": OPERATORS,
    "GET /v1/campaigns": ANYONE,
    "GET /v1/campaign-drafts": OPERATORS,
    "GET /v1/campaigns/{campaign_id}": ANYONE,
    "PATCH /v1/campaigns/{campaign_id}": OPERATORS,
    "PUT /v1/campaigns/{campaign_id}/skus/{sku_id}": OPERATORS,
    "DELETE /v1/campaigns/{campaign_id}/skus/{sku_id}": OPERATORS,
    "POST /v1/campaigns/{campaign_id}/publish": OPERATORS,
    "POST /v1/campaigns/{campaign_id}/close": OPERATORS,
    "POST /v1/campaigns/{campaign_id}/cancel": OPERATORS,
    "POST /v1/products": OPERATORS,
    "POST /v1/products/{product_id}/skus": OPERATORS,
    "POST /v1/catalogue-imports": OPERATORS,
    "PATCH /v1/products/{product_id}": OPERATORS,
    "PATCH /v1/skus/{sku_id}": OPERATORS,
    "GET /v1/products": ANYONE,
    "GET /v1/products/{product_id}": ANYONE,
    "GET /v1/skus": OPERATORS,
    "GET /v1/skus/{sku_id}": ANYONE,
    "GET /v1/coupons": MEMBERS,
    "POST /v1/orders/{order_id}/cancel": MEMBERS,
    "POST /v1/pickup-points/{point_id}/pickups": CLERKS,
    "GET /v1/orders": MEMBERS,
    "GET /v1/member-orders": OPERATORS,
    "GET /v1/orders/{order_id}": MEMBERS,
    "GET /v1/pickup-points/{point_id}/orders": CLERKS,
    "GET /v1/orders/{order_id}/transitions": OPERATORS,
    "GET /v1/campaigns/{campaign_id}/totals": OPERATORS,
    "POST /v1/orders/{order_id}/payments": MEMBERS,
    "GET /v1/orders/{order_id}/payments": MEMBERS,
    "POST /v1/payment-callbacks/{provider}": ANYONE,
    "GET /v1/payment-exceptions": OPERATORS,
    "POST /v1/pickup-points": OPERATORS,
    "GET /v1/pickup-points": ANYONE,
    "GET /v1/pickup-points/mine": CLERKS,
    "GET /v1/pickup-points/{point_id}": ANYONE,
    "PATCH /v1/pickup-points/{point_id}": OPERATORS,
    "GET /v1/pickup-points/{point_id}/clerks": OPERATORS,
    "PUT /v1/pickup-points/{point_id}/clerks/{member_id}": OPERATORS,
    "DELETE /v1/pickup-points/{point_id}/clerks/{member_id}": OPERATORS,
    "POST /v1/orders": MEMBERS,
    "POST /v1/assisted-orders": OPERATORS,
    "POST /v1/quotes": MEMBERS,
    "POST /v1/orders/{order_id}/refunds": OPERATORS,
    "GET /v1/orders/{order_id}/refunds": MEMBERS,
    "GET /v1/refunds": OPERATORS,
    "GET /v1/refunds/{refund_id}": OPERATORS,
    "POST /v1/refunds/{refund_id}/retry": OPERATORS,
}


async def test_every_route_has_a_rule(orders: RunningService) -> None:
    assert routes(orders.app) == set(RULES)


async def test_every_rule_holds_for_every_role(orders: RunningService) -> None:
    assert await broken_rules(orders, RULES) == []


async def test_what_makes_or_moves_something_takes_a_key_or_happens_once_by_itself(orders: RunningService) -> None:
    """A state's change happens once by itself: the second finds another state."""
    changes = {f"POST /v1/campaigns/{{campaign_id}}/{word}" for word in ("publish", "close", "cancel")}
    money = {
        "POST /v1/orders/{order_id}/cancel",
        "POST /v1/refunds/{refund_id}/retry",
        "POST /v1/payment-callbacks/{provider}",
    }
    assert without_key(orders.app) == ONCE_BY_ITSELF | changes | money | {
        "POST /v1/quotes",
        "POST /v1/pickup-points/{point_id}/pickups",
    }


async def test_no_request_waits_for_a_thread(orders: RunningService) -> None:
    assert thread_hops(orders.app) == set()
