"""Communities and chat deliveries, as tests need them."""

import json
from datetime import UTC, datetime
from time import time
from typing import Any
from uuid import UUID

import httpx2

from common.auth.principal import Role
from common.contracts.members import ConsentChanged
from common.ids import new_id
from common.testing.services import RunningService
from engagement.channels.domain import sign

CHANNEL = "wechat"
SECRET = "whsec_dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="
NEXT_SECRET = "whsec_bmV4dC1uZXh0LW5leHQtbmV4dC1uZXh0LW5leHQtbmV4dA=="
DEVELOPMENT_SECRET = "whsec_ZGV2ZWxvcG1lbnQtb25seS1kby1ub3QtdXNlLWFueXdoZXJl"
WEBHOOKS_PER_MINUTE = 160


async def make_community(engagement: RunningService, code: str = "garden", **changes: Any) -> UUID:
    answer = await engagement.client.post(
        "/engagement/v1/communities",
        json={"code": code, "name": "花園社區", **changes},
        headers=engagement.headers(Role.OPERATOR, key="new"),
    )
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def know_sender(engagement: RunningService, user_id: str, *, member_id: UUID, channel: str = CHANNEL) -> None:
    answer = await engagement.client.post(
        "/engagement/v1/channel-identities",
        json={"identities": [{"channel": channel, "user_id": user_id, "member_id": str(member_id)}]},
        headers=engagement.headers(Role.OPERATOR),
    )
    assert answer.status_code == 200, answer.text


def consented(member_id: UUID, purpose: str = "promo", *, given: bool = True) -> ConsentChanged:
    """Members tell that a member says yes to a purpose, or no."""
    return ConsentChanged(member_id=member_id, purpose=purpose, version="v1", given=given, changed_at=datetime.now(UTC))


async def make_endpoint(
    engagement: RunningService, code: str = "crm", *, url: str = "https://api.shop.example/huitou"
) -> dict[str, Any]:
    """With its secret."""
    answer = await engagement.client.post(
        "/engagement/v1/webhook-endpoints",
        json={"code": code, "url": url},
        headers=engagement.headers(Role.OPERATOR, key="new"),
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def chat_message(community_id: UUID, *, sender: str = "ann", **changes: Any) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "community_id": str(community_id),
        "sender": sender,
        "text": "今天吃什麼？",
        "sent_at": datetime.now(UTC).isoformat(),
        **changes,
    }


async def deliver(
    engagement: RunningService,
    *messages: dict[str, Any],
    delivery_id: str | None = None,
    channel: str = CHANNEL,
    secret: str = SECRET,
    timestamp: int | None = None,
    body: bytes | None = None,
) -> httpx2.Response:
    """Sign and send a delivery; `body` replaces what was signed."""
    signed = json.dumps({"messages": list(messages)}).encode()
    at = int(time()) if timestamp is None else timestamp
    name = delivery_id or str(new_id())
    return await engagement.client.post(
        f"/engagement/v1/channels/{channel}/messages",
        content=signed if body is None else body,
        headers={
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(secret, delivery_id=name, timestamp=at, body=signed),
        },
    )
