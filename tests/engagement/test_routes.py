"""Who may call what: every route has a rule here, and every role is tried on every route."""

import re

import pytest

from common.auth.principal import Role
from common.testing.services import RunningService
from factories.engagement import CHANNEL

pytestmark = pytest.mark.integration

ANYONE = {None, *Role}
MEMBERS = {*Role}  # everybody signed in is a member
OPERATORS = {Role.OPERATOR, Role.ADMIN}

RULES: dict[str, set[Role] | set[Role | None]] = {
    "GET /health/live": ANYONE,
    "GET /health/ready": ANYONE,
    "GET /metrics": ANYONE,
    "GET /v1/communities": MEMBERS,
    "POST /v1/communities": OPERATORS,
    "GET /v1/communities/{community_id}": MEMBERS,
    "PATCH /v1/communities/{community_id}": OPERATORS,
    "GET /v1/members/me/communities": MEMBERS,
    "PUT /v1/communities/{community_id}/members/me": MEMBERS,
    "DELETE /v1/communities/{community_id}/members/me": MEMBERS,
    "GET /v1/communities/{community_id}/members": OPERATORS | {Role.LEADER},
    "PUT /v1/communities/{community_id}/members/{member_id}": OPERATORS,
    "DELETE /v1/communities/{community_id}/members/{member_id}": OPERATORS,
    "GET /v1/communities/{community_id}/messages": OPERATORS,
    "POST /v1/channel-identities": OPERATORS | {Role.SERVICE},
    "POST /v1/checkins": MEMBERS,
    "GET /v1/checkins": MEMBERS,
    "GET /v1/message-templates": OPERATORS,
    "POST /v1/message-templates": OPERATORS,
    "GET /v1/message-templates/{code}": OPERATORS,
    "PATCH /v1/message-templates/{code}": OPERATORS,
    "POST /v1/members/{member_id}/messages": OPERATORS,
    "GET /v1/inbox": MEMBERS,
    "GET /v1/inbox/messages": MEMBERS,
    "POST /v1/inbox/messages/{message_id}/read": MEMBERS,
    "GET /v1/dead-letters": OPERATORS,
    "GET /v1/dead-letters/{letter_id}": OPERATORS,
    "POST /v1/dead-letters/{letter_id}/replay": OPERATORS,
    "POST /v1/dead-letters/{letter_id}/discard": OPERATORS,
}
SIGNED = {"POST /v1/channels/{channel}/messages"}
"""Nobody's role opens these: a channel's signature does."""


async def operations(service: RunningService) -> set[str]:
    paths = (await service.client.get(f"/{service.runtime.service.name}/openapi.json")).json()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


async def status(service: RunningService, operation: str, role: Role | None) -> int:
    method, path = operation.split()
    concrete = re.sub(r"\{(letter)_id\}", "1", path)
    concrete = (
        re.sub(r"\{\w+_id\}", "00000000-0000-0000-0000-000000000001", concrete)
        .replace("{code}", "no_such")
        .replace("{channel}", CHANNEL)
    )
    answer = await service.client.request(
        method,
        f"/{service.runtime.service.name}{concrete}",
        json=None if method == "GET" else {},
        headers=service.headers(role, key="new") if role else {},
    )
    assert answer.status_code < 500, (operation, role, answer.text)
    return answer.status_code


async def test_every_route_has_a_rule(engagement: RunningService) -> None:
    assert await operations(engagement) == {*RULES, *SIGNED}


async def test_every_rule_holds_for_every_role(engagement: RunningService) -> None:
    wrong: list[str] = []
    for role in (None, *Role):
        for operation, allowed in RULES.items():
            given = await status(engagement, operation, role)
            refused = given == (403 if role else 401)
            if refused == (role in allowed):
                wrong.append(f"{operation} for {role}: {given}")

        wrong += [
            f"{operation} for {role}: {given}"
            for operation in SIGNED
            if (given := await status(engagement, operation, role)) != 401
        ]

    assert wrong == []
