"""Declarations 宣告: what a draft's metrics, attributes and names declare, and whether the events have what they ask of them."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import get_type_hints

from lifecycle.authoring.drafts.domain import AttributeDraft, Draft, MetricDraft
from lifecycle.conditions.scopes.domain import RESERVED, Counted, Kind
from lifecycle.facts.events.domain import EVENTS, kinds_of
from lifecycle.policy.soundness.domain import COMMUNITY, CONSENT
from lifecycle.text.faults.domain import Fault, Text

NO_SUM = Text(
    "no_sum",
    en="{event} has no whole number {field!r} to sum; it has: {known}",
    zh="{event} 沒有可加總的數字「{field}」；現有：{known}",
)
NO_FIELD = Text(
    "no_field", en="{event} has no field {field!r}; it has: {known}", zh="{event} 沒有欄位「{field}」；現有：{known}"
)
NO_MOMENT = Text(
    "no_moment",
    en="{event} has no moment {field!r}; it has: {known}",
    zh="{event} 沒有時間欄位「{field}」；現有：{known}",
)
BOTH_WAYS = Text("both_ways", en="{event} is both counted and taken back", zh="{event} 不能既計入又撤銷")
DISTINCT_BACK = Text(
    "distinct_back",
    en="distinct values cannot be taken back: another event may have had the same",
    zh="相異值不能撤銷：別的事件可能有相同的值",
)
NAMED_TWICE = Text(
    "named_twice",
    en="{name!r} already names something in {where}; all names are of one kind, so that since({name}) means one thing",
    zh="「{name}」在 {where} 已經用過；所有名稱共用一個範圍，since({name}) 才只有一個意思",
)
A_WORD = Text(
    "a_word",
    en="{name!r} is a word of the language and names nothing else",
    zh="「{name}」是語言本身的詞，不能當名稱",
)


NO_CONSENT = Text(
    "no_consent_attribute",
    en="declare an attribute {name!r} that an event tells as yes or no",
    zh="請宣告屬性「{name}」，由事件提供是或否",
)
NO_COMMUNITY = Text(
    "no_community_attribute",
    en="declare an attribute {name!r}, such as community_id of community.joined, to hold out whole communities",
    zh="要以社群為單位，請宣告屬性「{name}」，例如 community.joined 的 community_id",
)


def check_names(draft: Draft) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for where in ("metrics", "attributes", "stages", "health", "segments"):
        for name in getattr(draft, where):
            path = f"{where}.{name}"
            if name in RESERVED:
                yield Fault(text=A_WORD, path=path, values={"name": name})
            elif name in seen:
                yield Fault(text=NAMED_TWICE, path=path, values={"name": name, "where": seen[name]})
            seen.setdefault(name, where)


def check_metric(name: str, metric: MetricDraft) -> Iterator[Fault]:
    path, retraction = f"metrics.{name}", metric.retraction
    for event in (*metric.events, *([retraction.event] if retraction else [])):
        if metric.sums and metric.sums not in whole_numbers(event):
            yield _lacks(NO_SUM, f"{path}.sum", event, metric.sums, whole_numbers(event))
        if metric.distinct and metric.distinct not in kinds_of(EVENTS[event]):
            yield _lacks(NO_FIELD, f"{path}.distinct", event, metric.distinct, kinds_of(EVENTS[event]))
    if retraction is None:
        return
    if retraction.of not in moments(retraction.event):
        yield _lacks(NO_MOMENT, f"{path}.retract.of", retraction.event, retraction.of, moments(retraction.event))
    if retraction.event in metric.events:
        yield Fault(text=BOTH_WAYS, path=f"{path}.retract.event", values={"event": retraction.event})
    if metric.distinct:
        yield Fault(text=DISTINCT_BACK, path=f"{path}.retract")


def check_attribute(name: str, attribute: AttributeDraft) -> Iterator[Fault]:
    known = kinds_of(EVENTS[attribute.event])
    if attribute.field not in known:
        yield _lacks(NO_FIELD, f"attributes.{name}.field", attribute.event, attribute.field, known)


def check_guards(draft: Draft) -> Iterator[Fault]:
    """What guards ask of members must be told by some event."""
    kinds = {name: kind_of_attribute(attribute) for name, attribute in draft.attributes.items()}
    for name, each in draft.guards.classes.items():
        if each.consent and kinds.get(f"{CONSENT}{each.consent}") != "yes_no":
            path = f"guards.classes.{name}.consent"
            yield Fault(text=NO_CONSENT, path=path, values={"name": f"{CONSENT}{each.consent}"})
    holdout = draft.guards.holdout
    if holdout and holdout.unit == "community" and kinds.get(COMMUNITY) != "text":
        yield Fault(text=NO_COMMUNITY, path="guards.holdout.unit", values={"name": COMMUNITY})


def check_field(path: str, event: str, field: str) -> Iterator[Fault]:
    known = kinds_of(EVENTS[event])
    if field not in known:
        yield _lacks(NO_FIELD, path, event, field, known)


def counted(metric: MetricDraft) -> Counted:
    return Counted(sums=metric.sums is not None, distinct=metric.distinct is not None, events=metric.events)


def kind_of_attribute(attribute: AttributeDraft) -> Kind:
    return kinds_of(EVENTS[attribute.event]).get(attribute.field, "text")


def shared_kinds(events: Collection[str]) -> dict[str, Kind]:
    """The fields that all of these events have, of the same kind: what a filter over them may ask."""
    first, *others = [kinds_of(EVENTS[event]) for event in events]
    return {name: kind for name, kind in first.items() if all(other.get(name) == kind for other in others)}


def whole_numbers(event: str) -> list[str]:
    return [name for name, hint in get_type_hints(EVENTS[event]).items() if hint is int]


def moments(event: str) -> list[str]:
    return [name for name, hint in get_type_hints(EVENTS[event]).items() if hint is datetime]


def _lacks(text: Text, path: str, event: str, field: str, known: Collection[str]) -> Fault:
    return Fault(text=text, path=path, values={"event": event, "field": field, "known": ", ".join(known) or "–"})
