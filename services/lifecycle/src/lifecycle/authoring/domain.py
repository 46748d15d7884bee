"""Authoring 撰寫: from the text of a policy to the policy, or to everything that is wrong with it, each at its place."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from lifecycle.authoring.declarations.domain import (
    check_attribute,
    check_guards,
    check_metric,
    check_names,
    shared_kinds,
)
from lifecycle.authoring.desks.domain import Desk
from lifecycle.authoring.drafts.domain import POLICY, ValueDraft
from lifecycle.authoring.provisions.domain import check_class, rule_of
from lifecycle.conditions.expressions.domain import Always, Node
from lifecycle.conditions.scopes.domain import AskedIn, Scope
from lifecycle.facts.events.domain import EVENTS, kinds_of
from lifecycle.policy.domain import Policy, Value
from lifecycle.policy.guards.domain import Guards, SendClass
from lifecycle.policy.soundness.domain import PolicyError, circle
from lifecycle.policy.sources.domain import AttributeSource, Metric
from lifecycle.text.documents.domain import read_document
from lifecycle.text.faults.domain import Fault, Place, Text
from lifecycle.text.places.domain import located, places
from lifecycle.text.readers.domain import read

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


def numbers_of(policy: Policy) -> Numbers:
    """What is declared under the same name in another document keeps its number."""
    return Numbers(
        metrics={metric.name: metric.number for metric in policy.metrics},
        attributes={source.name: source.number for source in policy.attributes},
    )


def author(text: str | bytes, *, tz: str, numbers: Numbers = NEW) -> Authored:
    """`tz`: the zone of a policy that names none."""
    node, faults = read_document(text)
    if node is None:
        return Authored(None, faults)
    draft, faults = read(POLICY, node)
    if draft is None:
        return Authored(None, faults)
    desk = Desk(draft)
    policy = _policy(desk, tz, numbers)
    known = places(node)
    found = sorted((located(fault, known) for fault in desk.faults), key=lambda fault: fault.place or _NOWHERE)
    return Authored(None if found else policy, tuple(found))


def _policy(desk: Desk, tz: str, numbers: Numbers) -> Policy | None:
    draft = desk.draft
    desk.faults.extend(check_names(draft))
    parts: dict[str, Any] = {
        "metrics": _metrics(desk, numbered(draft.metrics, numbers.metrics)),
        "attributes": _attributes(desk, numbered(draft.attributes, numbers.attributes)),
        "stages": _values(desk, "stages", draft.stages),
        "health": _values(desk, "health", draft.health),
        "segments": _values(desk, "segments", draft.segments),
        "guards": _guards(desk),
        "rules": tuple(rule_of(desk, name, draft.defaults | rule) for name, rule in draft.rules.items()),
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


def _metrics(desk: Desk, numbers: Mapping[str, int]) -> tuple[Metric, ...]:
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
            title=draft.title,
        )
        metrics.append(metric)
    return tuple(metrics)


def _attributes(desk: Desk, numbers: Mapping[str, int]) -> tuple[AttributeSource, ...]:
    sources = []
    for name, draft in desk.draft.attributes.items():
        desk.faults.extend(check_attribute(name, draft))
        scope = Scope(asked_in="where", fields=kinds_of(EVENTS[draft.event]))
        where = draft.where if isinstance(draft.where, Node) else desk.condition(draft.where, scope)
        source = AttributeSource(name=name, number=numbers[name], event=draft.event, field=draft.field, where=where)
        sources.append(source)
    return tuple(sources)


def _values(desk: Desk, asked_in: AskedIn, written: Mapping[str, ValueDraft]) -> tuple[Value, ...]:
    scope = desk.scope(asked_in)
    return tuple(Value(name, desk.condition(value.condition, scope), value.title) for name, value in written.items())


def _guards(desk: Desk) -> Guards:
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
        check_class(desk, f"guards.caps[{index + 1}].class", cap.sent_as)
    return Guards(
        classes=classes,
        caps=draft.caps,
        quiet=draft.quiet,
        holdout=draft.holdout,
        **({} if draft.causation_depth is None else {"causation_depth": draft.causation_depth}),
    )
