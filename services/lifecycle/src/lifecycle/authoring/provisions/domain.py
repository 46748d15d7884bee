"""Provisions 條文: from a rule's draft to the rule, or to what is wrong with what it refers to."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from common.contracts.lifecycle import Action, GrantPoints
from lifecycle.authoring.declarations.domain import check_field, kind_of_attribute
from lifecycle.authoring.desks.domain import Desk
from lifecycle.facts.events.domain import EVENTS, kinds_of
from lifecycle.policy.dates.domain import DaysAfter, Yearly
from lifecycle.policy.keys.domain import MEASURES
from lifecycle.policy.rulebook.domain import SERVICE, Enters, Held, Leaves, On, Per, Rule, Trigger
from lifecycle.text.faults.domain import Text

NO_VALUE = Text(
    "no_value",
    en="no stage, health or segment {name!r}; there are: {known}",
    zh="沒有階段、健康度或分群「{name}」；現有：{known}",
)
NO_CLASS = Text(
    "no_class",
    en="no class {name!r} is declared under guards.classes; there are: {known}",
    zh="guards.classes 沒有「{name}」；現有：{known}",
)
NEEDS_EVENT = Text(
    "needs_event",
    en="only a rule that an event triggers has fields to go by; every rule has measures, such as checkins.streak",
    zh="只有由事件觸發的規則才有欄位可用；各種規則都能用指標的量，例如 checkins.streak",
)
NO_METRIC = Text("no_metric", en="no metric {name!r}; there are: {known}", zh="沒有指標「{name}」；現有：{known}")
NO_MEASURE = Text(
    "no_measure",
    en="{name!r} is nothing that a metric has; there are: {known}",
    zh="指標沒有「{name}」；現有：{known}",
)
NO_DAY_TOLD = Text(
    "no_day_told",
    en="no attribute {name!r} that is a text and tells a day, MM-DD; there are: {known}. To count from a metric: {name}.first",
    zh="沒有以文字提供日期（MM-DD）的屬性「{name}」；現有：{known}。要從指標起算請寫 {name}.first",
)


def rule_of(desk: Desk, name: str, fields: Mapping[str, Any]) -> Rule:
    """`fields`: of the rule, its condition still written; what it leaves out is the defaults' or the language's own."""
    trigger: Trigger = fields["trigger"]
    scope, path = desk.scope("rules"), f"rules.{name}"
    if isinstance(trigger, On):
        scope = replace(scope, fields=kinds_of(EVENTS[trigger.event]))
    _check_trigger(desk, f"{path}.when", trigger)
    if undo := fields.get("undo"):
        _check_values(desk, f"{path}.undo.leaves", [undo.leaves])
    if isinstance(reentry := fields.get("reentry"), Per):
        for each in reentry.fields:
            _check_key(desk, f"{path}.reenter.per", each, trigger)
    check_class(desk, f"{path}.class", fields.get("sent_as", SERVICE))
    given = {
        "id": name,
        "condition": desk.condition(fields.get("condition"), scope),
        "actions": tuple(_reasoned(action, name) for action in fields["actions"]),
    }
    return Rule(**{**fields, **given})


def check_class(desk: Desk, path: str, name: str) -> None:
    known = {SERVICE, *desk.draft.guards.classes}
    if name not in known:
        desk.tell(NO_CLASS, path, name=name, known=", ".join(sorted(known)))


def _reasoned(action: Action, rule: str) -> Action:
    """Points for which no reason is given are given for the rule."""
    if isinstance(action, GrantPoints) and not action.reason:
        return msgspec.structs.replace(action, reason=rule)
    return action


def _check_trigger(desk: Desk, path: str, trigger: Trigger) -> None:
    attributes = {name: kind_of_attribute(each) for name, each in desk.draft.attributes.items()}
    match trigger:
        case Enters(value) | Leaves(value) | Held(value):
            _check_values(desk, path, (value, *getattr(trigger, "coming_from", ())))
        case DaysAfter(metric=name) if name not in desk.draft.metrics:
            desk.tell(NO_METRIC, f"{path}.date", name=name, known=", ".join(desk.draft.metrics))
        case Yearly(attribute=name) if attributes.get(name) != "text":
            texts = [each for each, kind in attributes.items() if kind == "text"]
            desk.tell(NO_DAY_TOLD, f"{path}.date", name=name, known=", ".join(texts) or "–")


def _check_key(desk: Desk, path: str, field: str, trigger: Trigger) -> None:
    metric, _, measure = field.rpartition(".")
    if not metric and isinstance(trigger, On):
        desk.faults.extend(check_field(path, trigger.event, field))
    elif not metric:
        desk.tell(NEEDS_EVENT, path)
    elif metric not in desk.draft.metrics:
        desk.tell(NO_METRIC, path, name=metric, known=", ".join(desk.draft.metrics))
    elif measure not in MEASURES:
        desk.tell(NO_MEASURE, path, name=measure, known=", ".join(MEASURES))


def _check_values(desk: Desk, path: str, names: Collection[str]) -> None:
    known = (*desk.draft.stages, *desk.draft.health, *desk.draft.segments)
    for name in names:
        if name not in known:
            desk.tell(NO_VALUE, path, name=name, known=", ".join(known))
