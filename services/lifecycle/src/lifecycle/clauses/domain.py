"""Clauses 條款: what a rule is made of in a policy's document, as data: its trigger, how often, what is done, what is undone."""

from collections.abc import Mapping as Named
from datetime import timedelta
from typing import Any

import msgspec

from common.contracts.lifecycle import Action, AssignTask, CallWebhook, GrantPoints, IssueCoupon, SendMessage
from lifecycle.dates.domain import WEEKDAYS, DaysAfter, Scheduled, Yearly
from lifecycle.documents.domain import Mapping, Node, Scalar
from lifecycle.durations.domain import as_duration, as_elapsed, as_span, as_time_of_day
from lifecycle.events.domain import EVENTS
from lifecycle.faults.domain import Text
from lifecycle.labels.domain import as_label
from lifecycle.notations.domain import as_code, as_flag, as_share, as_text, as_whole, parse_range, parse_whole
from lifecycle.readers.domain import Reader, Spot, as_one_of, as_scalar, as_word, by_kind, scalar_of, such_that
from lifecycle.rulebook.domain import (
    Cooldown,
    EachYear,
    Enrolment,
    Enters,
    Held,
    Leaves,
    On,
    Per,
    SameDay,
    Trigger,
    Undo,
)
from lifecycle.shapes.domain import Field, as_list, as_mapping, as_shape, as_some, optional, required

IN_DAYS = Text(
    "in_days",
    en="{found!r} is counted in days or weeks here; write 30d",
    zh="這裡以天或週計，請寫 30d，而不是「{found}」",
)
NOT_EDGE = Text(
    "not_edge",
    en="{found!r} is no day to count from; write joined.first or orders.last, or the name of an attribute",
    zh="「{found}」不是可以起算的日子；請寫 joined.first 或 orders.last，或屬性的名稱",
)
NOT_DAYS = Text(
    "not_days",
    en="{found!r} is no number of days; write 7, or 1..7 for each of them, at most 31 of them and at most 3650",
    zh="「{found}」不是天數；請寫 7，或用 1..7 表示其中每一天，最多 31 天，最大 3650",
)
LONG_SPREAD = Text("long_spread", en="{found!r} is too long; at most 24h", zh="「{found}」太長；最多 24h")
NOT_MONTH_DAY = Text(
    "not_month_day",
    en="{found!r} is no day of a month; write 1 to 31, or last",
    zh="「{found}」不是月中的日子；請寫 1 到 31，或 last",
)

INBOX = "inbox"
_SPAN = as_span()
_MOST_DAYS, _LAST = 31, 3650


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


def _edge(text: str) -> tuple[str, str] | None:
    metric, _, edge = text.rpartition(".")
    return (metric, edge) if metric and edge in {"first", "last"} else None


def _number_of_days(text: str) -> tuple[int, int] | None:
    one = parse_whole(text)
    low, high = (one, one) if one is not None else parse_range(text) or (1, 0)
    return (low, high) if 0 <= low <= high <= _LAST and high - low < _MOST_DAYS else None


def _days_after(date: tuple[str, Any], days: tuple[int, int], **more: Any) -> DaysAfter:
    return DaysAfter(metric=date[0], edge=date[1], low=days[0], high=days[1], **more)


def _scheduled(schedule: Named[str, Any], **more: Any) -> Scheduled:
    return Scheduled(**schedule, **more)


def _task(team: str, due: timedelta) -> AssignTask:
    return AssignTask(team=team, due_minutes=due // timedelta(minutes=1))


def _message(template: str, channel: str = INBOX) -> SendMessage:
    return SendMessage(template=template, channel=channel)


def _points(points: int, reason: str = "") -> GrantPoints:
    """Without a reason, the rule is it: whoever knows the rule's id says so."""
    return GrantPoints(points=points, reason=reason)


NAME, FIELD, EVENT, WAIT = as_code(), as_text(64), as_one_of(EVENTS), as_duration()
CLOCK = as_one_of(("member", "business"))
HELD_OUT = as_word({"none": 0}, as_share())
SPREAD = such_that(as_elapsed(), lambda spread: spread <= timedelta(days=1), LONG_SPREAD)
_ON_A_DAY = {
    "at": required(as_time_of_day()),
    "tz": optional(CLOCK, to="clock"),
    "spread": optional(SPREAD),
}
_DAYS_AFTER = as_mapping(
    _days_after,
    {
        "date": required(as_scalar(_edge, NOT_EDGE)),
        "days": required(as_scalar(_number_of_days, NOT_DAYS)),
        **_ON_A_DAY,
    },
)
_YEARLY = as_mapping(
    Yearly,
    {
        "date": required(NAME, to="attribute"),
        "feb29": optional(as_one_of(("feb28", "mar1")), to="leap"),
        **_ON_A_DAY,
    },
)
_MONTH_DAY: Reader[Any] = as_word({"last": "last"}, as_whole(1, 31))
_DAYS: dict[str, Any] = {"daily": {"weekdays": WEEKDAYS}, **{day: {"weekdays": (day,)} for day in WEEKDAYS}}


def _weekdays(node: Node, spot: Spot) -> dict[str, Any] | None:
    days = as_list(as_one_of(WEEKDAYS), least=1, most=7)(node, spot)
    return None if days is None else {"weekdays": days}


def _dated(node: Node, spot: Spot) -> DaysAfter | Yearly | None:
    """Counted from a day of a metric, or on a day that an attribute tells."""
    pairs = node.pairs if isinstance(node, Mapping) else ()
    named = next((value for key, value in pairs if key.text == "date"), None)
    counted = isinstance(named, Scalar) and "." in named.text
    return (_DAYS_AFTER if counted else _YEARLY)(node, spot)


TRIGGER: Reader[Trigger] = as_word(
    {"enrolment": Enrolment()},
    as_shape(
        {
            "enters": as_mapping(
                Enters,
                {
                    "enters": required(NAME, to="value"),
                    "settle": optional(WAIT),
                    "from": optional(as_some(NAME), to="coming_from"),
                },
            ),
            "leaves": as_mapping(Leaves, {"leaves": required(NAME, to="value"), "settle": optional(WAIT)}),
            "held": as_mapping(Held, {"held": required(NAME, to="value"), "for": required(WAIT, to="duration")}),
            "event": as_mapping(On, {"event": required(EVENT)}),
            "date": _dated,
            "schedule": as_mapping(
                _scheduled,
                {
                    "schedule": required(
                        by_kind(
                            text=as_word(_DAYS),
                            listed=_weekdays,
                            mapping=as_mapping(dict, {"monthly": required(_MONTH_DAY, to="month_day")}),
                        )
                    ),
                    **_ON_A_DAY,
                },
            ),
        }
    ),
)
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
