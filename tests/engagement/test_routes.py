"""Who may call what: every route has a rule here, and every role is tried on every route."""

import pytest

from common.auth.principal import Role
from common.testing.routes import (
    MEMBERS,
    NOBODY,
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
from factories.engagement import CHANNEL

pytestmark = pytest.mark.integration

RULES: Rules = {
    **OF_EVERY_SERVICE,
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
    "POST /v1/channels/{channel}/messages": NOBODY,
    "GET /v1/teams": OPERATORS,
    "POST /v1/teams": OPERATORS,
    "GET /v1/teams/{code}": OPERATORS,
    "PATCH /v1/teams/{code}": OPERATORS,
    "GET /v1/tasks": OPERATORS,
    "POST /v1/tasks": OPERATORS,
    "GET /v1/tasks/{task_id}": OPERATORS,
    "POST /v1/tasks/{task_id}/take": OPERATORS,
    "POST /v1/tasks/{task_id}/release": OPERATORS,
    "POST /v1/tasks/{task_id}/close": OPERATORS,
    "GET /v1/webhook-endpoints": OPERATORS,
    "POST /v1/webhook-endpoints": OPERATORS,
    "GET /v1/webhook-endpoints/{code}": OPERATORS,
    "PATCH /v1/webhook-endpoints/{code}": OPERATORS,
    "POST /v1/webhook-endpoints/{code}/rotate": OPERATORS,
    "GET /v1/webhook-deliveries": OPERATORS,
    "GET /v1/webhook-deliveries/{delivery_id}": OPERATORS,
    "POST /v1/webhook-deliveries/{delivery_id}/resend": OPERATORS,
    "POST /v1/members/me/complaints": MEMBERS,
    "GET /v1/members/me/complaints": MEMBERS,
    "GET /v1/members/me/complaints/{complaint_id}": MEMBERS,
    "POST /v1/members/me/complaints/{complaint_id}/take-back": MEMBERS,
    "GET /v1/complaints": OPERATORS,
    "GET /v1/complaints/{complaint_id}": OPERATORS,
    "POST /v1/complaints/{complaint_id}/settle": OPERATORS,
}


async def test_every_route_has_a_rule(engagement: RunningService) -> None:
    assert routes(engagement.app) == set(RULES)


async def test_every_rule_holds_for_every_role(engagement: RunningService) -> None:
    assert await broken_rules(engagement, RULES, channel=CHANNEL) == []


async def test_no_request_waits_for_a_thread(engagement: RunningService) -> None:
    assert thread_hops(engagement.app) == set()


async def test_what_is_made_is_made_once_for_each_key(engagement: RunningService) -> None:
    assert without_key(engagement.app) == ONCE_BY_ITSELF | {
        "POST /v1/checkins",
        "POST /v1/channel-identities",
        "POST /v1/channels/{channel}/messages",
        "POST /v1/inbox/messages/{message_id}/read",
        "POST /v1/tasks/{task_id}/take",
        "POST /v1/tasks/{task_id}/release",
        "POST /v1/tasks/{task_id}/close",
        "POST /v1/members/me/complaints/{complaint_id}/take-back",
        "POST /v1/complaints/{complaint_id}/settle",
    }
