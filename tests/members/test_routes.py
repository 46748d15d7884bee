"""Who may call what: every route has a rule here, and every role is tried on every route."""

import re

import pytest

from common.auth.principal import Role
from common.testing.services import RunningService

pytestmark = pytest.mark.integration

ANYONE = {None, *Role}
MEMBERS = {*Role}  # everybody signed in is a member
OPERATORS = {Role.OPERATOR, Role.ADMIN}

RULES: dict[str, set[Role] | set[Role | None]] = {
    "GET /health/live": ANYONE,
    "GET /health/ready": ANYONE,
    "GET /metrics": ANYONE,
    "POST /v1/sessions": ANYONE,
    "GET /v1/jwks": ANYONE,
    "POST /v1/members": OPERATORS,
    "GET /v1/members/me": MEMBERS,
    "GET /v1/members/{member_id}": OPERATORS,
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
    "GET /v1/dead-letters": OPERATORS,
    "GET /v1/dead-letters/{letter_id}": OPERATORS,
    "POST /v1/dead-letters/{letter_id}/replay": OPERATORS,
    "POST /v1/dead-letters/{letter_id}/discard": OPERATORS,
}


async def operations(service: RunningService) -> set[str]:
    paths = (await service.client.get(f"/{service.runtime.service.name}/openapi.json")).json()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


async def status(service: RunningService, operation: str, role: Role | None) -> int:
    method, path = operation.split()
    concrete = re.sub(r"\{(letter)_id\}", "1", path)
    concrete = re.sub(r"\{\w+_id\}", "00000000-0000-0000-0000-000000000001", concrete).replace("{code}", "no_such")
    answer = await service.client.request(
        method,
        f"/{service.runtime.service.name}{concrete}",
        json=None if method == "GET" else {},
        headers=service.headers(role, key="new") if role else {},
    )
    assert answer.status_code < 500, (operation, role, answer.text)
    return answer.status_code


async def test_every_route_has_a_rule(members: RunningService) -> None:
    assert await operations(members) == set(RULES)


async def test_every_rule_holds_for_every_role(members: RunningService) -> None:
    wrong: list[str] = []
    for role in (None, *Role):
        for operation, allowed in RULES.items():
            given = await status(members, operation, role)
            refused = given == (403 if role else 401)
            if refused == (role in allowed):
                wrong.append(f"{operation} for {role}: {given}")

    assert wrong == []
