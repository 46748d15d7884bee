"""A draft 草稿: a policy's document read by shape, its conditions still text. What it may hold is written here as data."""

from collections.abc import Mapping as Named
from datetime import date
from typing import Any

import msgspec

from common.contracts.lifecycle import GrantPoints, IssueCoupon, SendMessage
from lifecycle.calendars.domain import zone_named
from lifecycle.caps.domain import Cap, Keep
from lifecycle.documents.domain import Node, Scalar
from lifecycle.durations.domain import as_duration, as_elapsed, as_span, as_time_of_day
from lifecycle.events.domain import EVENTS
from lifecycle.faults.domain import Text
from lifecycle.holdouts.domain import Holdout
from lifecycle.notations.domain import as_code, as_flag, as_share, as_text, as_whole
from lifecycle.quiet.domain import Quiet
from lifecycle.readers.domain import (
    Reader,
    Spot,
    as_one_of,
    as_scalar,
    as_word,
    by_kind,
    scalar_of,
    such_that,
)
from lifecycle.rulebook.domain import Cooldown, Enters, Held, Leaves, On, Per
from lifecycle.shapes.domain import as_cases, as_list, as_mapping, as_shape, as_some, as_table, optional, required
from lifecycle.sources.domain import Retraction

NOT_ZONE = Text(
    "not_zone", en="{found!r} is no time zone; write Asia/Shanghai", zh="「{found}」不是時區；請寫 Asia/Shanghai"
)
NOT_DATE = Text("not_date", en="{found!r} is no date; write 2026-10-01", zh="「{found}」不是日期；請寫 2026-10-01")
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


class MetricDraft(msgspec.Struct, frozen=True, kw_only=True):
    events: tuple[str, ...]
    sums: str | None = None
    distinct: str | None = None
    where: Written | None = None
    retraction: Retraction | None = None


class AttributeDraft(msgspec.Struct, frozen=True, kw_only=True):
    event: str
    field: str


class ClassDraft(msgspec.Struct, frozen=True, kw_only=True):
    refuse_if: Written | None = None
    consent: str | None = None
    quiet: bool = True
    held_out: bool = True


class GuardsDraft(msgspec.Struct, frozen=True, kw_only=True):
    classes: dict[str, ClassDraft] = {}
    caps: tuple[Cap, ...] = ()
    quiet: Quiet | None = None
    holdout: Holdout | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    tz: str | None = None
    """None: the installation's."""
    holidays: tuple[date, ...] = ()
    metrics: dict[str, MetricDraft]
    attributes: dict[str, AttributeDraft] = {}
    stages: dict[str, Written]
    health: dict[str, Written]
    segments: dict[str, Written] = {}
    guards: GuardsDraft = GuardsDraft()
    defaults: dict[str, Any] = {}
    rules: dict[str, dict[str, Any]] = {}
    """By id, the fields of a `Rule`, its condition still written."""


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


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _calendar(tz: str | None = None, holidays: tuple[date, ...] = ()) -> dict[str, Any]:
    return {"tz": tz, "holidays": holidays}


def _draft(calendar: Named[str, Any] = _calendar(), **parts: Any) -> Draft:
    return Draft(**parts, **calendar)


NAME, FIELD, EVENT, WAIT = as_code(), as_text(64), as_one_of(EVENTS), as_duration()
ZONE = such_that(as_text(64), lambda name: zone_named(name) is not None, NOT_ZONE)
HELD_OUT = as_word({"none": 0}, as_share())
CLOCK = as_one_of(("member", "business"))

METRIC = as_mapping(
    MetricDraft,
    {
        "event": required(as_some(EVENT), to="events"),
        "sum": optional(FIELD, to="sums"),
        "distinct": optional(FIELD),
        "where": optional(as_written),
        "retract": optional(as_mapping(Retraction, {"event": required(EVENT), "of": required(FIELD)}), to="retraction"),
    },
)
ATTRIBUTE = as_mapping(AttributeDraft, {"event": required(EVENT), "field": required(FIELD)})
TRIGGER: Reader[Enters | Leaves | Held | On] = as_shape(
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
    }
)
REENTER = by_kind(
    text=as_one_of(("once", "each")),
    mapping=as_shape(
        {
            "per": as_mapping(Per, {"per": required(as_some(FIELD), to="fields")}),
            "cooldown": as_mapping(Cooldown, {"cooldown": required(as_days, to="days")}),
        }
    ),
)
ACTION = as_shape(
    {
        "message": as_mapping(
            lambda template, channel=INBOX: SendMessage(template=template, channel=channel),
            {"message": required(NAME, to="template"), "channel": optional(NAME)},
        ),
        "coupon": as_mapping(IssueCoupon, {"coupon": required(NAME, to="template")}),
        "points": as_mapping(GrantPoints, {"points": required(as_whole(1, 1_000_000)), "reason": required(NAME)}),
    }
)
_OWN = {
    "class": optional(NAME, to="sent_as"),
    "priority": optional(as_whole(0, 100)),
    "reenter": optional(REENTER, to="reentry"),
    "still": optional(as_flag()),
    "stale_after": optional(as_elapsed()),
    "valid_for": optional(as_elapsed()),
    "capped": optional(as_one_of(("wait", "drop"))),
    "holdout": optional(HELD_OUT, to="held_out"),
}
"""What a rule may say itself, or leave to the defaults."""
RULE: Reader[dict[str, Any]] = as_mapping(
    dict,
    {
        "when": required(TRIGGER, to="trigger"),
        "if": optional(as_written, to="condition"),
        "do": required(as_list(ACTION, least=1, most=10), to="actions"),
        **_OWN,
    },
)
CAP = as_mapping(
    Cap,
    {
        "class": required(NAME, to="sent_as"),
        "max": required(as_whole(1, 10_000), to="most"),
        "per": required(as_one_of(("day", "week", "month"))),
        "channel": optional(NAME),
        "keep": optional(
            as_mapping(Keep, {"priority": required(as_whole(0, 100)), "slots": required(as_whole(1, 10_000))})
        ),
    },
)
CLASS = as_mapping(
    ClassDraft,
    {
        "refuse_if": optional(as_written),
        "consent": optional(NAME),
        "quiet": optional(as_flag()),
        "holdout": optional(as_flag(), to="held_out"),
    },
)
GUARDS = as_mapping(
    GuardsDraft,
    {
        "classes": optional(as_table(CLASS)),
        "caps": optional(as_list(CAP)),
        "quiet": optional(
            as_mapping(
                Quiet,
                {
                    "from": required(as_time_of_day(), to="begins"),
                    "to": required(as_time_of_day(), to="ends"),
                    "tz": optional(CLOCK, to="clock"),
                    "then": optional(as_one_of(("defer", "drop"))),
                    "max_defer": optional(as_elapsed(), to="longest"),
                    "spread": optional(as_elapsed()),
                },
            )
        ),
        "holdout": optional(
            as_mapping(
                Holdout,
                {
                    "salt": required(as_text(64)),
                    "share": required(as_share()),
                    "unit": optional(as_one_of(("member", "community"))),
                },
            )
        ),
    },
)
POLICY = as_mapping(
    _draft,
    {
        "policy": required(NAME, to="name"),
        "calendar": optional(
            as_mapping(
                _calendar, {"tz": optional(ZONE), "holidays": optional(as_list(as_scalar(_date, NOT_DATE), most=500))}
            )
        ),
        "metrics": required(as_table(METRIC, least=1, most=100)),
        "attributes": optional(as_table(ATTRIBUTE, most=50)),
        "stages": required(as_cases(as_written)),
        "health": required(as_cases(as_written)),
        "segments": optional(as_table(as_written, most=200)),
        "guards": optional(GUARDS),
        "defaults": optional(as_mapping(dict, _OWN)),
        "rules": optional(as_table(RULE, most=500)),
    },
)
