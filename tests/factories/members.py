"""Members and what they are asked for, as tests need them."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx2
import msgspec

from common.auth.principal import Role
from common.bus.position import Position
from common.bus.records import LogRow, Received
from common.contracts.envelope import decode, encode
from common.contracts.event import Event
from common.contracts.lifecycle import Action, ActionKind, ActionRequested, ActionWithdrawn
from common.ids import new_id
from common.testing.services import RunningService
from members.templates.domain import Template

E = TypeVar("E", bound=Event)
OPERATOR = UUID(int=1)


def template(**changes: Any) -> Template:
    """A template as the rules see it."""
    return Template(
        **{
            "code": "spring",
            "value_minor": 500,
            "minimum_spend_minor": 3000,
            "currency": "CNY",
            "state": "active",
            "claimable": False,
            "supply": None,
            "issued": 0,
            "per_member_limit": 1,
            "valid_days": 7,
            "starts_at": None,
            "ends_at": None,
            **changes,
        }
    )


def template_body(code: str = "spring", **changes: Any) -> dict[str, Any]:
    """A valid body for a new coupon template."""
    return {
        "code": code,
        "name_zh": "春日券",
        "name_en": "Spring",
        "value_minor": 500,
        "minimum_spend_minor": 3000,
        "valid_days": 7,
        **changes,
    }


async def make_template(members: RunningService, code: str = "spring", **changes: Any) -> dict[str, Any]:
    answer = await members.client.post(
        "/members/v1/coupon-templates",
        json=template_body(code, **changes),
        headers=members.headers(Role.OPERATOR, key="new"),
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def make_member(members: RunningService) -> UUID:
    answer = await members.client.post(
        "/members/v1/members", json={}, headers=members.headers(Role.OPERATOR, key="new")
    )
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def give_coupon(members: RunningService, member_id: UUID, template: str = "spring") -> UUID:
    answer = await members.client.post(
        f"/members/v1/members/{member_id}/coupons",
        json={"template": template},
        headers=members.headers(Role.OPERATOR, key="new"),
    )
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def adjust(
    members: RunningService, member_id: UUID, points: int, *, reason: str = "goodwill", key: str = "new", **more: Any
) -> httpx2.Response:
    """An operator adds points, or takes some."""
    return await members.client.post(
        f"/members/v1/members/{member_id}/points/adjustments",
        json={"points": points, "reason": reason, **more},
        headers=members.headers(Role.OPERATOR, member_id=OPERATOR, key=key),
    )


async def consent(
    members: RunningService, member_id: UUID, purpose: str = "promo", *, version: str = "v1", given: bool = True
) -> httpx2.Response:
    """A member says yes to a purpose, or no."""
    return await members.client.post(
        "/members/v1/members/me/consents",
        json={"purpose": purpose, "version": version, "given": given},
        headers=members.headers(member_id=member_id, key="new"),
    )


def requested(action: Action, *, member_id: UUID, **changes: Any) -> ActionRequested:
    """An action that the lifecycle asks for now."""
    return ActionRequested(
        **{
            "action_id": new_id(),
            "member_id": member_id,
            "rule": "welcome",
            "key": "",
            "attempt": 0,
            "action": action,
            "valid_until": datetime.now(UTC) + timedelta(days=2),
            **changes,
        }
    )


def withdrawn(asked: ActionRequested) -> ActionWithdrawn:
    """The lifecycle wants back what it asked for."""
    return ActionWithdrawn(
        action_id=asked.action_id, member_id=asked.member_id, rule=asked.rule, kind=kind_of(asked.action)
    )


def kind_of(action: Action) -> ActionKind:
    kind: ActionKind = msgspec.to_builtins(action)["kind"]
    return kind


def received(event: E) -> Received[E]:
    """An event as a handler gets it, at a place of its own in the log."""
    event_id, now = new_id(), datetime.now(UTC)
    encoded = encode(event, event_id=event_id, service=event.producer(), type_name=event.type_name(), time=now)
    row = LogRow(
        producer=event.producer(),
        position=Position(1, 1),
        appended_at=now,
        key=event.subject,
        type=event.type_name(),
        event_id=event_id,
        envelope=encoded,
    )
    return Received(event, decode(encoded)[0], row)
