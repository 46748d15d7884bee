"""Who may call what: every route has a rule here, and every role is tried on every route."""

import pytest

from common.testing.routes import (
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
from factories.lifecycle import Life

pytestmark = pytest.mark.integration

RULES: Rules = {
    **OF_EVERY_SERVICE,
    "GET /v1/members": OPERATORS,
    "GET /v1/members/me": MEMBERS,
    "GET /v1/members/{member_id}": OPERATORS,
    "GET /v1/members/{member_id}/why": OPERATORS,
    "GET /v1/members/{member_id}/timeline": OPERATORS,
    "GET /v1/members/{member_id}/transitions": OPERATORS,
    "GET /v1/members/{member_id}/actions": OPERATORS,
    "GET /v1/standing-counts": OPERATORS,
    "GET /v1/standing-trend": OPERATORS,
    "GET /v1/transition-counts": OPERATORS,
    "GET /v1/receipts": OPERATORS,
    "GET /v1/receipts/{number}": OPERATORS,
    "GET /v1/actions": OPERATORS,
    "GET /v1/action-counts": OPERATORS,
    "GET /v1/segments": OPERATORS,
    "GET /v1/segments/{name}/members": OPERATORS,
    "PUT /v1/segments/{name}": OPERATORS,
    "DELETE /v1/segments/{name}": OPERATORS,
    "GET /v1/policies": OPERATORS,
    "GET /v1/policies/{version}": OPERATORS,
    "POST /v1/policies": OPERATORS,
    "POST /v1/policies/validate": OPERATORS,
    "POST /v1/policies/check": OPERATORS,
    "POST /v1/policies/diff": OPERATORS,
    "POST /v1/policies/{version}/publish": OPERATORS,
    "DELETE /v1/policies/{version}": OPERATORS,
    "POST /v1/policies/{version}/restore": OPERATORS,
    "PUT /v1/rules/{rule}/pause": OPERATORS,
    "DELETE /v1/rules/{rule}/pause": OPERATORS,
    "GET /v1/policy-changes": OPERATORS,
    "GET /v1/enrolments": OPERATORS,
    "GET /v1/enrolments/{enrolment_id}": OPERATORS,
    "POST /v1/enrolments": OPERATORS,
    "POST /v1/enrolments/{enrolment_id}/confirm": OPERATORS,
    "DELETE /v1/enrolments/{enrolment_id}": OPERATORS,
    "POST /v1/replays": OPERATORS,
    "GET /v1/replays": OPERATORS,
    "GET /v1/replays/{replay_id}": OPERATORS,
    "GET /v1/replays/{replay_id}/page": OPERATORS,
    "DELETE /v1/replays/{replay_id}": OPERATORS,
}


async def test_every_route_has_a_rule(life: Life) -> None:
    assert routes(life.service.app) == set(RULES)


async def test_every_rule_holds_for_every_role(life: Life) -> None:
    assert await broken_rules(life.service, RULES) == []


async def test_no_request_waits_for_a_thread(life: Life) -> None:
    assert thread_hops(life.service.app) == set()


async def test_what_is_made_is_made_once_for_each_key(life: Life) -> None:
    assert without_key(life.service.app) == ONCE_BY_ITSELF | {
        f"POST /v1/policies/{asks}" for asks in ("validate", "check", "diff")
    }
