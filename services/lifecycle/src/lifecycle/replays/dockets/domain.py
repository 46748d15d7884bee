"""Dockets 案卷: the row of each action of a member, made again from what was asked for and what was heard of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested
from lifecycle.actions.domain import GIVEN_UP, outcome
from lifecycle.actions.withdrawals.domain import answer_of
from lifecycle.members.domain import Member


class ActionRow(msgspec.Struct, kw_only=True):
    rule: str
    key: str
    attempt: int
    kind: str
    detail: dict[str, Any]
    at: datetime
    valid_until: datetime
    state: str
    asks: int
    requested_at: datetime
    settled_at: datetime | None
    reason: str | None


def action_row(request: ActionRequested, *, at: datetime, gate: datetime) -> ActionRow:
    detail = msgspec.to_builtins(request.action)
    kind = detail.pop("kind")
    return ActionRow(
        rule=request.rule,
        key=request.key,
        attempt=request.attempt,
        kind=kind,
        detail=detail,
        at=at,
        valid_until=request.valid_until,
        state="requested",
        asks=1,
        requested_at=gate,
        settled_at=None,
        reason=None,
    )


def heard(actions: Mapping[UUID, ActionRow], event: Event, gate: datetime) -> None:
    told, answer = outcome(event), answer_of(event)
    found = told or answer
    row = actions.get(found[0]) if found else None
    if row is None:
        return
    ends = {"requested": told, "unknown": told, "undoing": answer}.get(row.state)
    if ends is not None:
        row.state, row.reason, row.settled_at = ends[1], getattr(event, "reason", None), gate


def asked_anew(actions: Mapping[UUID, ActionRow], action_id: UUID) -> None:
    """An identity's action is no row of the member's."""
    if row := actions.get(action_id):
        row.state, row.asks = "unknown", row.asks + 1


def asked_back(actions: Mapping[UUID, ActionRow], action_id: UUID, state: str, gate: datetime) -> None:
    row = actions.get(action_id)
    if row is not None and row.state in {"requested", "unknown", "done"}:
        row.state, row.settled_at = state, gate


def given_up(actions: Mapping[UUID, ActionRow], gate: datetime) -> None:
    """The member is erased."""
    for row in actions.values():
        if row.state in {"requested", "unknown", "undoing"}:
            row.state, row.reason, row.settled_at = "failed", GIVEN_UP, gate


def comparable(actions: Mapping[UUID, ActionRow], member: Member | None) -> Mapping[UUID, ActionRow]:
    """Of whoever was merged once, what became of an action may be their root's doing, in another lane: not to be told here."""
    if member is None or member.kin is None or not member.kin.mergers:
        return actions
    return {
        each: msgspec.structs.replace(row, state="", asks=0, settled_at=None, reason=None)
        for each, row in actions.items()
    }
