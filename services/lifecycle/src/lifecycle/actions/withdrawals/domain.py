"""Withdrawals 撤回: what a rule did is taken back, by whoever did it. Silence asks again under the same ids, as requests do.

Coupons and points are given back or stay; a task that was opened is closed; what was sent stays sent.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from common.contracts.engagement import (
    MessageRefused,
    MessageSent,
    TaskOpened,
    TaskRefused,
    WebhookDelivered,
    WebhookRefused,
)
from common.contracts.event import Event
from common.contracts.lifecycle import ActionKind, ActionWithdrawn
from common.contracts.members import RewardRefused, RewardRetained, RewardWithdrawn
from lifecycle.actions.domain import SILENCE, Deed, Slot, is_final, kind_of

Answer = Literal["undone", "kept"]

MOST_ASKS = 9
"""The last one comes after ten days; what stays unanswered then is for a person."""

REWARDS: frozenset[ActionKind] = frozenset({"issue_coupon", "grant_points"})
_SENT: frozenset[ActionKind] = frozenset({"send_message", "call_webhook"})

_ANSWERS: Mapping[str, Answer] = {
    RewardWithdrawn.NAME: "undone",
    RewardRefused.NAME: "undone",
    RewardRetained.NAME: "kept",
    MessageRefused.NAME: "undone",
    MessageSent.NAME: "kept",
    TaskRefused.NAME: "undone",
    TaskOpened.NAME: "undone",
    WebhookRefused.NAME: "undone",
    WebhookDelivered.NAME: "kept",
}


class Withdrawal(msgspec.Struct, frozen=True):
    """To be told."""

    event: ActionWithdrawn
    ask: int
    depth: int
    """Of causation: that of the telling."""
    state: Literal["undoing", "undone"]
    """Whether an answer is waited for."""


def answer_of(event: Event) -> tuple[UUID, Answer] | None:
    """Which action an event tells to have been taken back, or not, if that was asked for."""
    answer = _ANSWERS.get(event.NAME)
    action: UUID | None = getattr(event, "action_id", None)
    return None if answer is None or action is None else (action, answer)


def withdrawn(slot: Slot, *, member_id: UUID, depth: int, gate: datetime) -> tuple[Slot, list[Withdrawal]]:
    """The slot whose actions are to be taken back, done or not. `depth`: of what causes it."""
    if slot.state not in {"open", "done"}:
        return slot, []
    unsure = [Deed(each.request.action_id, kind_of(each.request)) for each in slot.effects if not is_final(each.state)]
    done = [
        Deed(each.request.action_id, kind_of(each.request)) for each in slot.effects if each.state == "done"
    ] + list(slot.deeds)
    asked = [msgspec.structs.replace(deed, state="undoing", asked_at=gate, asks=1) for deed in unsure]
    settled = [_asked_of_done(deed, gate) for deed in done]
    taken = msgspec.structs.replace(
        slot, state="undoing", effects=(), deeds=(*asked, *settled), depth=max(slot.depth, depth + 1)
    )
    telling = [_telling(taken, deed, member_id) for deed in taken.deeds if deed.asks]
    return _concluded(taken), telling


def answered(slots: tuple[Slot, ...], event: Event) -> tuple[Slot, ...]:
    """The slots after an answer; the same slots when the event is none of theirs."""
    found = answer_of(event)
    if found is None:
        return slots
    action, answer = found
    return tuple(_answered(slot, action, answer) if slot.state == "undoing" else slot for slot in slots)


def withdraw_again_at(deed: Deed) -> datetime | None:
    """When silence has lasted too long."""
    if deed.state != "undoing" or deed.asked_at is None or deed.asks >= MOST_ASKS:
        return None
    return deed.asked_at + SILENCE * (1 << deed.asks - 1)


def withdrawn_again(
    slots: tuple[Slot, ...], *, member_id: UUID, now: datetime, gate: datetime
) -> tuple[tuple[Slot, ...], list[Withdrawal]]:
    """The slots, and what to tell again, because nothing was heard of it by `now`."""
    repeated: list[Withdrawal] = []

    def ask(slot: Slot, deed: Deed) -> Deed:
        due = withdraw_again_at(deed)
        if due is None or due > now:
            return deed
        again = msgspec.structs.replace(deed, asked_at=max(now, gate), asks=deed.asks + 1)
        repeated.append(_telling(slot, again, member_id))
        return again

    asked = tuple(
        msgspec.structs.replace(slot, deeds=tuple(ask(slot, deed) for deed in slot.deeds))
        if slot.state == "undoing"
        else slot
        for slot in slots
    )
    return (asked, repeated) if repeated else (slots, repeated)


def _asked_of_done(deed: Deed, gate: datetime) -> Deed:
    if deed.kind in _SENT:
        return msgspec.structs.replace(deed, state="kept")
    state: Literal["undoing", "undone"] = "undoing" if deed.kind in REWARDS else "undone"
    return msgspec.structs.replace(deed, state=state, asked_at=gate, asks=1)


def _telling(slot: Slot, deed: Deed, member_id: UUID) -> Withdrawal:
    event = ActionWithdrawn(action_id=deed.action_id, member_id=slot.of or member_id, rule=slot.rule, kind=deed.kind)
    return Withdrawal(event, deed.asks, slot.depth, "undone" if deed.state == "undone" else "undoing")


def _answered(slot: Slot, action: UUID, answer: Answer) -> Slot:
    deeds = tuple(
        msgspec.structs.replace(deed, state=answer) if deed.action_id == action and deed.state == "undoing" else deed
        for deed in slot.deeds
    )
    return _concluded(msgspec.structs.replace(slot, deeds=deeds))


def _concluded(slot: Slot) -> Slot:
    """Undone, when something was and no reward stayed: that a message had been sent does not matter then."""
    if any(deed.state == "undoing" for deed in slot.deeds):
        return slot
    stayed: Collection[Deed] = [deed for deed in slot.deeds if deed.state == "kept" and deed.kind in REWARDS]
    undone = any(deed.state == "undone" for deed in slot.deeds) and not stayed
    return msgspec.structs.replace(slot, state="undone" if undone else "kept", deeds=())
