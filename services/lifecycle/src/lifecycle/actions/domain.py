"""Actions 動作 and what became of them. Each is carried out elsewhere, once per action id, and its outcome is an event.

Only a final no (refused, failed) frees the slot of its key and permits a new attempt. Silence asks again under the same id.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

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
from common.contracts.lifecycle import (
    Action,
    ActionKind,
    ActionRequested,
    AssignTask,
    CallWebhook,
    GrantPoints,
    IssueCoupon,
    SendMessage,
)
from common.contracts.members import RewardGranted, RewardRefused
from lifecycle.policy.caps.domain import Send

State = Literal["pending", "requested", "done", "refused", "failed", "unknown"]
Happening = Literal["released", "carried_out", "declined", "broken", "silent"]

SILENCE = timedelta(hours=1)
"""How long no outcome is waited for before asking again; twice as long each time."""

GIVEN_UP = "member_erased"
"""Why an action is failed whose member was erased."""

_ACTIONS = UUID("6f1f8d5e-3f0c-5d0a-9d55-7f6c5a3f4b21")

_KINDS: Mapping[type[Action], ActionKind] = {
    IssueCoupon: "issue_coupon",
    GrantPoints: "grant_points",
    SendMessage: "send_message",
    AssignTask: "assign_task",
    CallWebhook: "call_webhook",
}

_NEXT: Mapping[tuple[State, Happening], State] = {
    ("pending", "released"): "requested",
    ("pending", "declined"): "refused",
    ("requested", "carried_out"): "done",
    ("requested", "declined"): "refused",
    ("requested", "broken"): "failed",
    ("requested", "silent"): "unknown",
    ("unknown", "carried_out"): "done",
    ("unknown", "declined"): "refused",
    ("unknown", "broken"): "failed",
}

_UNSETTLED = {"open", "undoing"}
_HAPPENINGS: Mapping[str, Happening] = {
    RewardGranted.NAME: "carried_out",
    RewardRefused.NAME: "declined",
    MessageSent.NAME: "carried_out",
    MessageRefused.NAME: "declined",
    TaskOpened.NAME: "carried_out",
    TaskRefused.NAME: "declined",
    WebhookDelivered.NAME: "carried_out",
    WebhookRefused.NAME: "declined",
}


class Effect(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One action asked for, until its outcome is final."""

    request: ActionRequested
    state: State
    asked_at: datetime
    """By the gate clock, the last time."""
    asks: int = 1


class Deed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One action of a rule that may be undone, once it is carried out or to be taken back."""

    action_id: UUID
    kind: ActionKind
    state: Literal["done", "undoing", "undone", "kept"] = "done"
    asked_at: datetime | None = None
    """By the gate clock, the last time that it was asked to be taken back."""
    asks: int = 0


class Slot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a rule did under one key."""

    rule: str
    key: str
    at: datetime
    """Logical time of the trigger."""
    attempt: int
    state: Literal["open", "done", "free", "held_out", "undoing", "undone", "kept"] = "open"
    """`free`: the answer was a final no. `held_out`: nothing was asked for, so that the effect of asking can be told.
    `undoing`: asked to be taken back, which came about (`undone`) or not (`kept`).
    """
    effects: tuple[Effect, ...] = ()
    """Only while open."""
    depth: int = 0
    """Of causation: that of the asking."""
    undoable: bool = False
    deeds: tuple[Deed, ...] = ()
    """Of what is undoable, from when it is no longer open."""
    of: UUID | None = None
    """The identity that it was decided for; None: the member's own."""


def action_id(*, rule: str, member_id: UUID, key: str, attempt: int, index: int) -> UUID:
    """The same for the same decision, whenever and wherever it is taken again. The member is the one it was taken for."""
    return uuid5(_ACTIONS, f"{rule}/{member_id}/{key}/{attempt}/{index}")


def after(state: State, happening: Happening) -> State:
    """A final state stays: what comes late changes nothing."""
    return _NEXT.get((state, happening), state)


def opened(requests: Sequence[ActionRequested], *, at: datetime, gate: datetime, depth: int, undoable: bool) -> Slot:
    """The slot of a rule that acted."""
    first = requests[0]
    effects = tuple(Effect(request, after("pending", "released"), gate) for request in requests)
    return Slot(first.rule, first.key, at, first.attempt, "open", effects, depth=depth, undoable=undoable)


def taken(slots: tuple[Slot, ...], slot: Slot, *, keeps: bool) -> tuple[Slot, ...]:
    """The slots with one more. The rule's earlier ones are kept only while open, or for `once`, so that a member has few;
    or all of them, where a key may come again long after.
    """
    kept = (
        each
        for each in slots
        if each.rule != slot.rule
        or ((each.key, each.of) != (slot.key, slot.of) and (keeps or each.state in _UNSETTLED or each.key == ""))
    )
    return (*kept, slot)


def counted(sends: tuple[Send, ...], slots: tuple[Slot, ...]) -> tuple[Send, ...]:
    """The sends without those that came to nothing: a slot that became free gives its place under the caps back."""
    freed = {(slot.rule, slot.key, slot.attempt, slot.of) for slot in slots if slot.state == "free"}
    if not (freed and sends):
        return sends
    return tuple(send for send in sends if (send.rule, send.key, send.attempt, send.of) not in freed)


def is_final(state: State) -> bool:
    return state in {"done", "refused", "failed"}


OUTCOMES = tuple(_HAPPENINGS)
"""The events that tell what became of an action."""


def outcome(event: Event) -> tuple[UUID, State] | None:
    """Which action an event tells the end of, and its final state."""
    happening = _HAPPENINGS.get(event.NAME)
    action: UUID | None = getattr(event, "action_id", None)
    return None if happening is None or action is None else (action, after("requested", happening))


def concluded(slots: tuple[Slot, ...], event: Event) -> tuple[Slot, ...]:
    """The slots after an outcome; the same slots when the event is none of theirs."""
    happening = _HAPPENINGS.get(event.NAME)
    action: UUID | None = getattr(event, "action_id", None)
    if happening is None or action is None:
        return slots
    return tuple(_closed(slot, action, happening) for slot in slots)


def ask_again_at(effect: Effect) -> datetime | None:
    """When silence has lasted too long. The last ask is the first after validity ended: it can only be answered no."""
    if is_final(effect.state) or effect.asked_at > effect.request.valid_until:
        return None
    return effect.asked_at + SILENCE * (1 << effect.asks - 1)


def asked_again(
    slots: tuple[Slot, ...], *, now: datetime, gate: datetime
) -> tuple[tuple[Slot, ...], list[ActionRequested]]:
    """The slots and the requests to repeat, each as it was, because nothing was heard of it by `now`."""
    repeated: list[ActionRequested] = []

    def ask(effect: Effect) -> Effect:
        due = ask_again_at(effect)
        if due is None or due > now:
            return effect
        repeated.append(effect.request)
        return Effect(effect.request, after(effect.state, "silent"), max(now, gate), effect.asks + 1)

    asked = tuple(
        msgspec.structs.replace(slot, effects=tuple(map(ask, slot.effects))) if slot.effects else slot for slot in slots
    )
    return (asked, repeated) if repeated else (slots, repeated)


def _closed(slot: Slot, action: UUID, happening: Happening) -> Slot:
    if all(effect.request.action_id != action for effect in slot.effects):
        return slot
    effects = tuple(
        msgspec.structs.replace(effect, state=after(effect.state, happening))
        if effect.request.action_id == action
        else effect
        for effect in slot.effects
    )
    if not all(is_final(effect.state) for effect in effects):
        return msgspec.structs.replace(slot, effects=effects)
    done = [effect.request for effect in effects if effect.state == "done"]
    deeds = tuple(Deed(each.action_id, kind_of(each)) for each in done) if slot.undoable else ()
    return msgspec.structs.replace(slot, state="done" if done else "free", effects=(), deeds=deeds)


def kind_of(request: ActionRequested) -> ActionKind:
    return _KINDS[type(request.action)]
