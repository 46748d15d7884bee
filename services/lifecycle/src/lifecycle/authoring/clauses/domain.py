"""Clauses 條款: what a rule is made of in a policy's document, as data: how often, what is done, what is undone."""

from datetime import timedelta
from typing import Any

import msgspec

from common.contracts.lifecycle import Action, AssignTask, CallWebhook, GrantPoints, IssueCoupon, SendMessage
from lifecycle.authoring.triggers.domain import EVENT, NAME, TRIGGER
from lifecycle.policy.rulebook.domain import Cooldown, EachYear, Per, SameDay, Undo
from lifecycle.text.documents.domain import Node, Scalar
from lifecycle.text.durations.domain import as_elapsed, as_span
from lifecycle.text.faults.domain import Text
from lifecycle.text.labels.domain import as_label
from lifecycle.text.notations.domain import as_flag, as_share, as_text, as_whole
from lifecycle.text.readers.domain import Reader, Spot, as_one_of, as_word, by_kind, scalar_of
from lifecycle.text.shapes.domain import Field, as_list, as_mapping, as_shape, as_some, optional, required

IN_DAYS = Text(
    "in_days",
    en="{found!r} is counted in days or weeks here; write 30d",
    zh="這裡以天或週計，請寫 30d，而不是「{found}」",
)
INBOX = "inbox"
_SPAN = as_span()


class Written(msgspec.Struct, frozen=True):
    """A condition as it stands in the document."""

    scalar: Scalar
    path: str


def as_written(node: Node, spot: Spot) -> Written | None:
    scalar = scalar_of(node, spot)
    return None if scalar is None else Written(scalar, spot.path)


def as_days(node: Node, spot: Spot) -> int | None:
    """A span whose length does not depend on the month."""
    span = _SPAN(node, spot)
    if span is None or span.unit == "mo":
        if span is not None:
            spot.tell(IN_DAYS, node.place, found=str(span))
        return None
    return span.n * (7 if span.unit == "w" else 1)


def _task(team: str, due: timedelta) -> AssignTask:
    return AssignTask(team=team, due_minutes=due // timedelta(minutes=1))


def _message(template: str, channel: str = INBOX) -> SendMessage:
    return SendMessage(template=template, channel=channel)


def _points(points: int, reason: str = "") -> GrantPoints:
    """Without a reason, the rule is it: whoever knows the rule's id says so."""
    return GrantPoints(points=points, reason=reason)


FIELD = as_text(64)
HELD_OUT = as_word({"none": 0}, as_share())
_COOLDOWN = optional(as_days, to="cooldown")
REENTER = by_kind(
    text=as_one_of(("once", "each")),
    mapping=as_shape(
        {
            "per": as_mapping(Per, {"per": required(as_some(FIELD), to="fields"), "cooldown": _COOLDOWN}),
            "each": as_mapping(
                lambda each, cooldown=None: EachYear(cooldown),  # noqa: ARG005 - there is one such period
                {"each": required(as_one_of(("year",))), "cooldown": _COOLDOWN},
            ),
            "cooldown": as_mapping(Cooldown, {"cooldown": required(as_days, to="days")}),
        }
    ),
)
ACTION: Reader[Action] = as_shape(
    {
        "message": as_mapping(_message, {"message": required(NAME, to="template"), "channel": optional(NAME)}),
        "coupon": as_mapping(IssueCoupon, {"coupon": required(NAME, to="template")}),
        "points": as_mapping(_points, {"points": required(as_whole(1, 1_000_000)), "reason": optional(NAME)}),
        "task": as_mapping(_task, {"task": required(NAME, to="team"), "due": required(as_elapsed())}),
        "webhook": as_mapping(CallWebhook, {"webhook": required(NAME, to="endpoint")}),
    }
)
OWN: dict[str, Field] = {
    "class": optional(NAME, to="sent_as"),
    "priority": optional(as_whole(0, 100)),
    "reenter": optional(REENTER, to="reentry"),
    "still": optional(as_flag()),
    "stale_after": optional(as_elapsed()),
    "valid_for": optional(as_word({"same_day": SameDay()}, as_elapsed())),
    "capped": optional(as_one_of(("wait", "drop"))),
    "holdout": optional(HELD_OUT, to="held_out"),
    "after_undo": optional(as_one_of(("spent", "free"))),
}
"""What a rule may say itself, or leave to the defaults."""
RULE: Reader[dict[str, Any]] = as_mapping(
    dict,
    {
        "when": required(TRIGGER, to="trigger"),
        "if": optional(as_written, to="condition"),
        "do": required(as_list(ACTION, least=1, most=10), to="actions"),
        "undo": optional(as_mapping(Undo, {"leaves": required(NAME), "by": optional(EVENT)})),
        "title": optional(as_label()),
        **OWN,
    },
)
