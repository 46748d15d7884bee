"""The four services keep to their OpenAPI documents whatever is sent: no server error, no status and no answer that the
document does not know, problems as problem documents, nothing accepted that the document forbids.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import ClassVar
from uuid import UUID

import httpx2
import pytest
from structlog.testing import capture_logs

import engagement.app
import lifecycle.app
import members.app
import orders.app
from common.auth.principal import Role
from common.contracts.event import Event
from common.contracts.lifecycle import AssignTask, CallWebhook
from common.contracts.members import MemberRegistered
from common.ids import new_id
from common.runtime import Service
from common.testing.databases import Engines
from common.testing.services import RunningService, create_service_database, running_service
from engagement.channels.domain import sign
from factories.engagement import DEVELOPMENT_SECRET, make_community, make_endpoint
from factories.lifecycle import checked_in
from factories.members import make_member, make_template, requested
from factories.orders import Shop
from integration.fuzzing import Fuzzer, World

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

OFTEN = 1_000_000_000
CALLER = UUID(int=1)
SERVICES: dict[str, Service] = {
    service.name: service
    for service in (orders.app.SERVICE, members.app.SERVICE, engagement.app.SERVICE, lifecycle.app.SERVICE)
}


async def furnish_orders(service: RunningService) -> World:
    shop, now = Shop(service), service.runtime.clock.now()
    opens_at, closes_at = ((now + timedelta(days=days)).isoformat() for days in (-1, 9))
    sku = await shop.sku(stock=1000)
    product = (await shop.get("/products")).json()["items"][0]["id"]
    campaign = await shop.campaign((sku, 900, 100))
    draft = await shop.operate(
        "/campaigns", {"code": "draft", "name": "草稿", "opens_at": opens_at, "closes_at": closes_at}
    )
    unpaid, paid = await shop.place(CALLER, (sku, 1)), await shop.place(CALLER, (sku, 2))
    await shop.pay(paid)
    refund = await shop.operate(f"/orders/{paid['id']}/refunds", {"reason": "spoiled"})
    point = await shop.point()
    return World(
        caller=CALLER,
        paths={
            "sku_id": [sku],
            "product_id": [product],
            "campaign_id": [campaign, draft["id"]],
            "point_id": [point],
            "order_id": [unpaid["id"], paid["id"]],
            "refund_id": [refund["id"]],
            "provider": ["development"],
            "member_id": [str(CALLER)],
        },
        fields={
            "sku_id": [sku],
            "campaign_id": [campaign],
            "pickup_point_id": [point],
            "coupon_id": [await shop.coupon(CALLER)],
            "member_id": [str(CALLER)],
            "provider": ["development"],
            "quantity": [1],
            "payable_minor": [900, 1000],
            "opens_at": [opens_at],
            "closes_at": [closes_at],
        },
    )


async def furnish_members(service: RunningService) -> World:
    caller = await make_member(service)
    await make_template(service, claimable=True, per_member_limit=10_000)
    answer = await service.client.post(
        f"/members/v1/members/{caller}/points/adjustments",
        json={"points": 100, "reason": "gift"},
        headers=service.headers(Role.OPERATOR, key="new"),
    )
    return World(
        caller=caller,
        paths={"member_id": [str(caller)], "entry_id": [answer.json()["id"]], "code": ["spring", "back_6"]},
        fields={
            "referrer_id": [str(caller)],
            "template": ["spring", "back_6"],
            "provider": ["development"],
            "phone": ["+86 138 0013 8000"],
        },
    )


async def furnish_engagement(service: RunningService) -> World:
    community = str(await make_community(service))
    answer = await service.client.post(
        f"/engagement/v1/members/{CALLER}/messages",
        json={"template": "hello"},
        headers=service.headers(Role.OPERATOR, key="new"),
    )
    complaint = await service.client.post(
        "/engagement/v1/members/me/complaints",
        json={"topic": "other", "text": "x"},
        headers=service.headers(member_id=CALLER, key="new"),
    )
    task = AssignTask(team="community_team", due_minutes=5)
    await make_endpoint(service, url="https://127.0.0.1/")
    await service.receive(*(requested(action, member_id=CALLER) for action in (task, CallWebhook(endpoint="crm"))))
    return World(
        caller=CALLER,
        paths={
            "community_id": [community],
            "member_id": [str(CALLER)],
            "message_id": [answer.json()["id"]],
            "complaint_id": [complaint.json()["id"]],
            "task_id": [str(await service.db.fetchval("SELECT id FROM task"))],
            "delivery_id": [str(await service.db.fetchval("SELECT id FROM webhook_delivery"))],
            "code": ["welcome", "hello", "community_team", "crm"],
            "channel": ["development"],
        },
        fields={
            "community_id": [community],
            "member_id": [str(CALLER)],
            "template": ["welcome", "hello"],
            "channel": ["development", "inbox"],
            "team": ["community_team"],
            "topic": ["other"],
            "url": ["https://127.0.0.1/"],
            "sent_at": [datetime.now(UTC).isoformat()],
        },
        sign=sign_delivery,
    )


def sign_delivery(request: httpx2.Request) -> None:
    if "/channels/" in request.url.path:
        name, at = str(new_id()), int(time())
        request.headers["webhook-id"] = name
        request.headers["webhook-timestamp"] = str(at)
        request.headers["webhook-signature"] = sign(
            DEVELOPMENT_SECRET, delivery_id=name, timestamp=at, body=request.content
        )


async def furnish_lifecycle(service: RunningService) -> World:
    at = service.runtime.clock.now()
    await service.receive(
        MemberRegistered(member_id=CALLER, channel="wechat", registered_at=at), checked_in(CALLER, at.date())
    )
    return World(caller=CALLER, paths={"member_id": [str(CALLER)]}, fields={})


async def set_aside(service: RunningService) -> int:
    """A dead letter: an event of a type that this version does not know."""

    class MemberPraised(Event, frozen=True):
        NAME: ClassVar[str] = "member.praised"
        member_id: UUID

    MemberPraised.__module__ = f"later.{min(service.runtime.service.handlers.producers)}"
    await service.receive(MemberPraised(member_id=CALLER))
    letter: int = await service.db.fetchval("SELECT id FROM dead_letter")
    return letter


FURNISH: dict[str, Callable[[RunningService], Awaitable[World]]] = {
    "orders": furnish_orders,
    "members": furnish_members,
    "engagement": furnish_engagement,
    "lifecycle": furnish_lifecycle,
}


@asynccontextmanager
async def furnished(name: str, engines: Engines, folder: Path) -> AsyncIterator[tuple[RunningService, World]]:
    database = f"openapi_{new_id().hex[-12:]}"
    await create_service_database(engines, name=database, service=SERVICES[name])
    rates = {rate: OFTEN for rate in SERVICES[name].settings.model_fields if rate.endswith("_per_minute")}
    own: dict[str, dict[str, object]] = {
        "members": {"signing_key_file": folder / "key.pem"},
        "engagement": {"outgoing_loopback": True},
    }
    async with running_service(
        SERVICES[name], engines=engines, database=database, settings={**rates, **own.get(name, {})}
    ) as service:
        world = await FURNISH[name](service)
        yield service, replace(world, paths={**world.paths, "letter_id": [await set_aside(service)]})


async def fuzz(name: str, engines: Engines, folder: Path, *, boundaries: int | None, examples: int) -> str:
    """What went wrong, as far as it did."""
    async with furnished(name, engines, folder) as (service, world):
        fuzzer = Fuzzer(service, world, seed=7)
        with capture_logs():
            await fuzzer.run(boundaries=boundaries, examples=examples)
    return "\n\n".join(f"{operation}: {kind}\n{said}" for (operation, kind), said in fuzzer.failures.items())


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_keeps_to_its_document(name: str, engines: Engines, tmp_path: Path) -> None:
    wrong = await fuzz(name, engines, tmp_path, boundaries=5, examples=2)
    assert not wrong, wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_keeps_to_its_document_at_every_boundary(name: str, engines: Engines, tmp_path: Path) -> None:
    wrong = await fuzz(name, engines, tmp_path, boundaries=None, examples=30)
    assert not wrong, wrong
