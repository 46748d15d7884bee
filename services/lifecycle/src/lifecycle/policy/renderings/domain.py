"""Renderings 呈現: parts of a policy as an operator writes them in the document, one line each.

What is read back is the same part. What has its default is left out, and so is what the document does not say: permanent
numbers, and the names under which parts stand.
"""

import re
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from typing import Any

import msgspec

from common.contracts.lifecycle import AssignTask, CallWebhook, GrantPoints, IssueCoupon, SendMessage
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import Node, shown
from lifecycle.policy.caps.domain import Cap
from lifecycle.policy.guards.domain import SendClass
from lifecycle.policy.holdouts.domain import Holdout
from lifecycle.policy.quiet.domain import Quiet
from lifecycle.policy.rulebook.domain import Cooldown, Enters, Held, Leaves, Per, Rule
from lifecycle.policy.sources.domain import AttributeSource, Metric

KEYS: Mapping[type[msgspec.Struct], Mapping[str, str | None]] = {
    Metric: {"name": None, "number": None, "events": "event", "sums": "sum", "retraction": "retract"},
    AttributeSource: {"name": None, "number": None},
    SendClass: {"name": None, "held_out": "holdout"},
    Cap: {"sent_as": "class", "most": "max"},
    Quiet: {"begins": "from", "ends": "to", "clock": "tz", "longest": "max_defer"},
    Rule: {
        "id": None,
        "trigger": "when",
        "actions": "do",
        "condition": "if",
        "reentry": "reenter",
        "sent_as": "class",
        "held_out": "holdout",
    },
    Enters: {"value": "enters", "coming_from": "from"},
    Leaves: {"value": "leaves"},
    Held: {"value": "held", "duration": "for"},
    Cooldown: {"days": "cooldown"},
    Per: {"fields": "per"},
    IssueCoupon: {"template": "coupon"},
    SendMessage: {"template": "message"},
    AssignTask: {"team": "task", "due_minutes": "due"},
    CallWebhook: {"endpoint": "webhook"},
    GrantPoints: {},
}
"""The document's word for a field, where it is another; None for what it does not say."""

_PLAIN = re.compile(r"(?!(?i:null)$)[A-Za-z][A-Za-z0-9_./-]*")
_BARE = re.compile(r"[^\s\"'\[\]{},:#&*!|>%@`-][^\"\[\]{},:#]*")


def percentage(share: int) -> str:
    """Of ten-thousandths: 500 is 5%."""
    return f"{share / 100:g}%"


_OWN: Mapping[tuple[type[msgspec.Struct], str], Callable[[Any], str]] = {
    (Rule, "held_out"): percentage,
    (Holdout, "share"): percentage,
    (Cooldown, "days"): lambda days: f"{days}d",
    (AssignTask, "due_minutes"): lambda minutes: shown(timedelta(minutes=minutes)),
}


def key_of(part: type[msgspec.Struct], field: str) -> str | None:
    return KEYS.get(part, {}).get(field, field)


def rendered(part: object) -> str:
    """A condition stands alone as it is printed; within something else it is quoted where it must be."""
    return str(part) if isinstance(part, Node) else _inner(part)


def rendered_field(part: msgspec.Struct, field: str) -> str:
    value = getattr(part, field)
    own = _OWN.get((type(part), field))
    return own(value) if own else rendered(value)


def _inner(part: object) -> str:
    match part:
        case Span() | timedelta():
            return shown(part)
        case time():
            return f'"{part:%H:%M}"'
        case Node():
            return str(part) if _BARE.fullmatch(str(part)) else _quoted(str(part))
        case tuple():
            return f"[{', '.join(map(_inner, part))}]"
        case msgspec.Struct():
            return f"{{{', '.join(_pairs(part))}}}"
    return _scalar(part)


def _scalar(part: object) -> str:
    match part:
        case None:
            return "none"
        case bool():
            return "true" if part else "false"
        case str():
            return part if _PLAIN.fullmatch(part) else _quoted(part)
    return str(part)


def _pairs(part: msgspec.Struct) -> list[str]:
    pairs = []
    for field in msgspec.structs.fields(part):
        key, value = key_of(type(part), field.name), getattr(part, field.name)
        if key is not None and value != field.default:
            own = _OWN.get((type(part), field.name))
            pairs.append(f"{key}: {own(value) if own else _inner(value)}")
    return pairs


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
