"""Authoring 撰寫: from the text of a policy to the policy, or to everything that is wrong with it, each at its place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from lifecycle.checking.domain import read_condition
from lifecycle.declarations.domain import (
    check_attribute,
    check_fields,
    check_guards,
    check_metric,
    check_names,
    counted,
    kind_of_attribute,
    shared_kinds,
)
from lifecycle.documents.domain import read_document
from lifecycle.drafts.domain import POLICY, Draft, Written
from lifecycle.events.domain import EVENTS, kinds_of
from lifecycle.expressions.domain import Always, Condition
from lifecycle.faults.domain import Fault, Place, Said, Text
from lifecycle.guards.domain import Guards, SendClass
from lifecycle.places.domain import located, places
from lifecycle.policy.domain import Policy, Value
from lifecycle.readers.domain import read
from lifecycle.rulebook.domain import SERVICE, On, Per, Rule, Trigger
from lifecycle.scopes.domain import AskedIn, Scope
from lifecycle.soundness.domain import PolicyError, circle
from lifecycle.sources.domain import AttributeSource, Metric

FIRST_STAGE = Text(
    "first_stage", en="the first stage holds for everybody: write always", zh="第一個階段適用於所有人：請寫 always"
)
LAST_HEALTH = Text(
    "last_health", en="the last health holds for everybody: write always", zh="最後一個健康度適用於所有人：請寫 always"
)
CIRCLE = Text(
    "segment_circle",
    en="these segments ask one another in a circle, which has no answer: {names}",
    zh="這些分群互相引用成了循環，無法判定：{names}",
)
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
    en="only a rule that an event triggers has fields to go by",
    zh="只有由事件觸發的規則才有欄位可用",
)
UNSOUND = Text("unsound", en="{reason}", zh="策略不成立：{reason}")

_NOWHERE = Place(0, 0)


class Authored(msgspec.Struct, frozen=True):
    policy: Policy | None
    """None when there is any fault."""
    faults: tuple[Fault, ...] = ()
    """In the order of the document."""


class Numbers(msgspec.Struct, frozen=True):
    """The permanent numbers of what was declared before, by name."""

    metrics: dict[str, int] = {}
    attributes: dict[str, int] = {}


NEW = Numbers()


@dataclass(frozen=True)
class _Desk:
    """The draft that is being read; it gathers the faults."""

    draft: Draft
    faults: list[Fault] = field(default_factory=list)

    def tell(self, text: Text, path: str, **values: Said) -> None:
        self.faults.append(Fault(text=text, path=path, values=values))

    def scope(self, asked_in: AskedIn) -> Scope:
        draft = self.draft
        return Scope(
            asked_in=asked_in,
            metrics={name: counted(metric) for name, metric in draft.metrics.items()},
            attributes={name: kind_of_attribute(attribute) for name, attribute in draft.attributes.items()},
            stages=tuple(draft.stages),
            health=tuple(draft.health),
            segments=tuple(draft.segments),
            holidays=bool(draft.holidays),
        )

    def condition(self, written: Written | None, scope: Scope) -> Condition:
        """What is written, or always; a fault in it is told where it stands in the document."""
        if written is None:
            return Always()
        text = written.scalar.text
        found = read_condition(text, scope)
        for fault in found.faults:
            place = written.scalar.at(_offset(text, fault.place or Place(1, 1)))
            self.faults.append(msgspec.structs.replace(fault, path=written.path, place=place))
        return found.condition or Always()


def author(text: str | bytes, *, tz: str, numbers: Numbers = NEW) -> Authored:
    """`tz`: the zone of a policy that names none."""
    node, faults = read_document(text)
    if node is None:
        return Authored(None, faults)
    draft, faults = read(POLICY, node)
    if draft is None:
        return Authored(None, faults)
    desk = _Desk(draft)
    policy = _policy(desk, tz, numbers)
    known = places(node)
    found = sorted((located(fault, known) for fault in desk.faults), key=lambda fault: fault.place or _NOWHERE)
    return Authored(None if found else policy, tuple(found))


def _policy(desk: _Desk, tz: str, numbers: Numbers) -> Policy | None:
    draft = desk.draft
    desk.faults.extend(check_names(draft))
    parts: dict[str, Any] = {
        "metrics": _metrics(desk, numbered(draft.metrics, numbers.metrics)),
        "attributes": _attributes(desk, numbered(draft.attributes, numbers.attributes)),
        "stages": _values(desk, "stages", draft.stages),
        "health": _values(desk, "health", draft.health),
        "segments": _values(desk, "segments", draft.segments),
        "guards": _guards(desk),
        "rules": tuple(_rule(desk, name, draft.defaults | rule) for name, rule in draft.rules.items()),
    }
    for text, where, value in (
        (FIRST_STAGE, "stages", parts["stages"][0]),
        (LAST_HEALTH, "health", parts["health"][-1]),
    ):
        if value.condition != Always():
            desk.tell(text, f"{where}.{value.name}")
    asked_in_turn = circle({segment.name: segment.condition for segment in parts["segments"]})
    if asked_in_turn:
        desk.tell(CIRCLE, f"segments.{asked_in_turn[0]}", names=" → ".join(asked_in_turn))
    if desk.faults:
        return None
    try:
        return Policy(name=draft.name, tz=draft.tz or tz, holidays=draft.holidays, **parts)
    except PolicyError as error:
        desk.tell(UNSOUND, "", reason=str(error))
        return None


def numbered(names: Collection[str], known: Mapping[str, int]) -> dict[str, int]:
    """The number that each name had before, or the next that none ever had."""
    following = max(known.values(), default=0) + 1
    numbers = dict(known)
    for name in names:
        if name not in numbers:
            numbers[name], following = following, following + 1
    return {name: numbers[name] for name in names}


def _metrics(desk: _Desk, numbers: Mapping[str, int]) -> tuple[Metric, ...]:
    metrics = []
    for name, draft in desk.draft.metrics.items():
        desk.faults.extend(check_metric(name, draft))
        retracting = [draft.retraction.event] if draft.retraction else []
        scope = Scope(asked_in="where", fields=shared_kinds([*draft.events, *retracting]))
        metric = Metric(
            name=name,
            number=numbers[name],
            events=draft.events,
            sums=draft.sums,
            retraction=draft.retraction,
            where=desk.condition(draft.where, scope),
            distinct=draft.distinct,
        )
        metrics.append(metric)
    return tuple(metrics)


def _attributes(desk: _Desk, numbers: Mapping[str, int]) -> tuple[AttributeSource, ...]:
    for name, draft in desk.draft.attributes.items():
        desk.faults.extend(check_attribute(name, draft))
    return tuple(
        AttributeSource(name=name, number=numbers[name], event=draft.event, field=draft.field)
        for name, draft in desk.draft.attributes.items()
    )


def _values(desk: _Desk, asked_in: AskedIn, written: Mapping[str, Written]) -> tuple[Value, ...]:
    scope = desk.scope(asked_in)
    return tuple(Value(name, desk.condition(condition, scope)) for name, condition in written.items())


def _guards(desk: _Desk) -> Guards:
    draft, scope = desk.draft.guards, desk.scope("rules")
    classes = tuple(
        SendClass(
            name=name,
            refuse_if=desk.condition(each.refuse_if, scope) if each.refuse_if else None,
            consent=each.consent,
            quiet=each.quiet,
            held_out=each.held_out,
        )
        for name, each in draft.classes.items()
    )
    desk.faults.extend(check_guards(desk.draft))
    for index, cap in enumerate(draft.caps):
        _check_class(desk, f"guards.caps[{index + 1}].class", cap.sent_as)
    return Guards(
        classes=classes,
        caps=draft.caps,
        quiet=draft.quiet,
        holdout=draft.holdout,
    )


def _rule(desk: _Desk, name: str, fields: Mapping[str, Any]) -> Rule:
    trigger: Trigger = fields["trigger"]
    scope, path = desk.scope("rules"), f"rules.{name}"
    if isinstance(trigger, On):
        scope = replace(scope, fields=kinds_of(EVENTS[trigger.event]))
    else:
        _check_values(desk, f"{path}.when", (trigger.value, *getattr(trigger, "coming_from", ())))
    match fields.get("reentry"):
        case Per(keys) if isinstance(trigger, On):
            desk.faults.extend(check_fields(f"{path}.reenter.per", trigger.event, keys))
        case Per():
            desk.tell(NEEDS_EVENT, f"{path}.reenter.per")
    _check_class(desk, f"{path}.class", fields.get("sent_as", SERVICE))
    return Rule(**{**fields, "id": name, "condition": desk.condition(fields.get("condition"), scope)})


def _check_values(desk: _Desk, path: str, names: Collection[str]) -> None:
    known = (*desk.draft.stages, *desk.draft.health, *desk.draft.segments)
    for name in names:
        if name not in known:
            desk.tell(NO_VALUE, path, name=name, known=", ".join(known))


def _check_class(desk: _Desk, path: str, name: str) -> None:
    known = {SERVICE, *desk.draft.guards.classes}
    if name not in known:
        desk.tell(NO_CLASS, path, name=name, known=", ".join(sorted(known)))


def _offset(text: str, place: Place) -> int:
    """Where in the text a line and column are."""
    return sum(len(line) + 1 for line in text.split("\n")[: place.line - 1]) + place.column - 1
