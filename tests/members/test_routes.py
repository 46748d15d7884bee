"""Who may call what: every route has a rule here, and every role is tried on every route."""

import pytest

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

RULES: Rules = {
    **OF_EVERY_SERVICE,
    "POST /v1/sessions": ANYONE,
    "GET /v1/jwks": ANYONE,
    "POST /v1/members": OPERATORS,
    "GET /v1/members/me": MEMBERS,
    "GET /v1/members/{member_id}": OPERATORS,
    "POST /v1/members/{member_id}/merge": OPERATORS,
    "POST /v1/members/{member_id}/unmerge": OPERATORS,
    "GET /v1/members/{member_id}/identities": OPERATORS,
    "DELETE /v1/members/me": MEMBERS,
    "DELETE /v1/members/{member_id}": OPERATORS,
    "GET /v1/members/me/consents": MEMBERS,
    "POST /v1/members/me/consents": MEMBERS,
    "GET /v1/members/me/consents/entries": MEMBERS,
    "GET /v1/members/{member_id}/consents": OPERATORS,
    "POST /v1/members/{member_id}/consents": OPERATORS,
    "GET /v1/members/{member_id}/consents/entries": OPERATORS,
    "GET /v1/members/me/profile": MEMBERS,
    "PATCH /v1/members/me/profile": MEMBERS,
    "POST /v1/member-lookups": OPERATORS,
    "GET /v1/coupon-templates": OPERATORS,
    "POST /v1/coupon-templates": OPERATORS,
    "GET /v1/coupon-templates/{code}": OPERATORS,
    "PATCH /v1/coupon-templates/{code}": OPERATORS,
    "GET /v1/coupon-offers": MEMBERS,
    "GET /v1/members/me/coupons": MEMBERS,
    "POST /v1/members/me/coupons": MEMBERS,
    "GET /v1/members/{member_id}/coupons": OPERATORS,
    "POST /v1/members/{member_id}/coupons": OPERATORS,
    "GET /v1/members/me/points": MEMBERS,
    "GET /v1/members/me/points/entries": MEMBERS,
    "GET /v1/members/{member_id}/points": OPERATORS,
    "GET /v1/members/{member_id}/points/entries": OPERATORS,
    "POST /v1/members/{member_id}/points/adjustments": OPERATORS,
    "POST /v1/members/{member_id}/points/entries/{entry_id}/reversal": OPERATORS,
}


async def test_every_route_has_a_rule(members: RunningService) -> None:
    assert routes(members.app) == set(RULES)


async def test_every_rule_holds_for_every_role(members: RunningService) -> None:
    assert await broken_rules(members, RULES) == []


async def test_no_request_waits_for_a_thread(members: RunningService) -> None:
    assert thread_hops(members.app) == set()


async def test_what_is_made_is_made_once_for_each_key(members: RunningService) -> None:
    assert without_key(members.app) == ONCE_BY_ITSELF | {"POST /v1/sessions", "POST /v1/member-lookups"}
