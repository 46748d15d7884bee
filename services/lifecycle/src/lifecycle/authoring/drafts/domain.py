"""A draft 草稿: a policy's document read by shape, its conditions still text. What it may hold is written here as data."""

from collections.abc import Mapping as Named
from datetime import date
from typing import Any

import msgspec

from common.contracts.members import ConsentChanged
from lifecycle.authoring.clauses.domain import FIELD, OWN, RULE, Written, as_written
from lifecycle.authoring.festivals.domain import FESTIVALS, days_off
from lifecycle.authoring.precautions.domain import GUARDS, GuardsDraft
from lifecycle.authoring.triggers.domain import EVENT, NAME
from lifecycle.calendars.domain import zone_named
from lifecycle.conditions.expressions.domain import Condition, Said
from lifecycle.facts.events.domain import EVENTS
from lifecycle.policy.soundness.domain import CONSENT
from lifecycle.policy.sources.domain import Retraction
from lifecycle.text.documents.domain import Mapping, Node
from lifecycle.text.faults.domain import Text
from lifecycle.text.labels.domain import Label, as_label
from lifecycle.text.notations.domain import as_text
from lifecycle.text.readers.domain import Reader, Spot, as_scalar, by_kind, expected, such_that, then
from lifecycle.text.shapes.domain import (
    NOT_MAPPING,
    as_cases,
    as_list,
    as_mapping,
    as_some,
    as_table,
    optional,
    required,
)

NOT_ZONE = Text(
    "not_zone", en="{found!r} is no time zone; write Asia/Shanghai", zh="「{found}」不是時區；請寫 Asia/Shanghai"
)
NOT_SOURCE = Text(
    "not_source",
    en="{found!r} is no field of an event; write birthday.told.birthday, or {{event: …, field: …}}",
    zh="「{found}」不是事件的欄位；請寫 birthday.told.birthday，或 {{event: …, field: …}}",
)
NOT_DATE = Text(
    "not_date",
    en="{found!r} is no date; write 2026-10-01, or a list by its name; there are: " + ", ".join(FESTIVALS),
    zh="「{found}」不是日期；請寫 2026-10-01，或清單的名稱；現有：" + ", ".join(FESTIVALS),
)

CONSENTS = "consents"


class ValueDraft(msgspec.Struct, frozen=True):
    """A stage, a health or a segment."""

    condition: Written
    title: Label | None = None


class MetricDraft(msgspec.Struct, frozen=True, kw_only=True):
    events: tuple[str, ...]
    sums: str | None = None
    distinct: str | None = None
    where: Written | None = None
    retraction: Retraction | None = None
    title: Label | None = None


class AttributeDraft(msgspec.Struct, frozen=True, kw_only=True):
    event: str
    field: str
    where: Written | Condition | None = None
    """As it stands in the document, unless a short form says it."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    tz: str | None = None
    """None: the installation's."""
    holidays: tuple[date, ...] = ()
    metrics: dict[str, MetricDraft]
    attributes: dict[str, AttributeDraft] = {}
    stages: dict[str, ValueDraft]
    health: dict[str, ValueDraft]
    segments: dict[str, ValueDraft] = {}
    guards: GuardsDraft = GuardsDraft()
    defaults: dict[str, Any] = {}
    rules: dict[str, dict[str, Any]] = {}
    """By id, the fields of a `Rule`, its condition still written."""


def _source(text: str) -> AttributeDraft | None:
    event, _, field = text.rpartition(".")
    return AttributeDraft(event=event, field=field) if event in EVENTS else None


def _consent(purpose: str) -> AttributeDraft:
    return AttributeDraft(event=ConsentChanged.NAME, field="given", where=Said("purpose", "==", (purpose,)))


def as_attributes(node: Node, spot: Spot) -> dict[str, AttributeDraft] | None:
    """Each by its name; `consents: [promo]` is short for `consent_promo` by what was last told of that purpose."""
    mapping = expected(Mapping, NOT_MAPPING, node, spot)
    if mapping is None:
        return None
    before = len(spot.faults)
    others = tuple(pair for pair in mapping.pairs if pair[0].text != CONSENTS)
    found = as_table(ATTRIBUTE, most=50)(Mapping(others, mapping.place), spot) or {}
    for key, value in mapping.pairs:
        if key.text == CONSENTS:
            purposes = as_some(NAME, most=20)(value, spot.under(key.text)) or ()
            found |= {f"{CONSENT}{purpose}": _consent(purpose) for purpose in purposes}
    return found if len(spot.faults) == before else None


def _calendar(tz: str | None = None, holidays: tuple[tuple[date, ...], ...] = ()) -> dict[str, Any]:
    return {"tz": tz, "holidays": tuple(dict.fromkeys(day for days in holidays for day in days))}


def _draft(calendar: Named[str, Any] = _calendar(), **parts: Any) -> Draft:
    return Draft(**parts, **calendar)


DAYS_OFF = as_scalar(days_off, NOT_DATE)
HOLIDAYS: Reader[tuple[tuple[date, ...], ...]] = by_kind(
    text=then(DAYS_OFF, lambda days: (days,)), listed=as_list(DAYS_OFF, most=500)
)
ZONE = such_that(as_text(64), lambda name: zone_named(name) is not None, NOT_ZONE)

TITLE = as_label()
ATTRIBUTE: Reader[AttributeDraft] = by_kind(
    text=as_scalar(_source, NOT_SOURCE),
    mapping=as_mapping(
        AttributeDraft, {"event": required(EVENT), "field": required(FIELD), "where": optional(as_written)}
    ),
)
METRIC = as_mapping(
    MetricDraft,
    {
        "event": required(as_some(EVENT), to="events"),
        "sum": optional(FIELD, to="sums"),
        "distinct": optional(FIELD),
        "where": optional(as_written),
        "retract": optional(as_mapping(Retraction, {"event": required(EVENT), "of": required(FIELD)}), to="retraction"),
        "title": optional(TITLE),
    },
)
VALUE: Reader[ValueDraft] = by_kind(
    text=then(as_written, ValueDraft),
    mapping=as_mapping(ValueDraft, {"if": required(as_written, to="condition"), "title": optional(TITLE)}),
)
POLICY = as_mapping(
    _draft,
    {
        "policy": required(NAME, to="name"),
        "calendar": optional(as_mapping(_calendar, {"tz": optional(ZONE), "holidays": optional(HOLIDAYS)})),
        "metrics": required(as_table(METRIC, least=1, most=100)),
        "attributes": optional(as_attributes),
        "stages": required(as_cases(VALUE)),
        "health": required(as_cases(VALUE)),
        "segments": optional(as_table(VALUE, most=200)),
        "guards": optional(GUARDS),
        "defaults": optional(as_mapping(dict, OWN)),
        "rules": optional(as_table(RULE, most=500)),
    },
)
