"""Differences 差異 between two policies, and what each means for members, in words.

Two policies are equal exactly if they have no differences. What is declared under a name is compared under it: a new name is
a new thing, so a renaming is a removal and an addition.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Literal

import msgspec

from lifecycle.policy.caps.domain import Cap
from lifecycle.policy.domain import Policy, Value
from lifecycle.policy.guards.domain import Guards, SendClass
from lifecycle.policy.meanings.domain import (
    ADDED,
    CAP_CHANGED,
    CHANGED,
    CHANGED_POLICY,
    CHANGED_RULE,
    CONDITION_CHANGED,
    GUARD_ADDED,
    GUARD_REMOVED,
    HOLIDAYS,
    MAYBE_RENAMED,
    METRIC_CHANGED,
    NEW_SALT,
    ORDER_IDLE,
    ORDER_MATTERS,
    REMOVED,
    RENUMBERED,
    Part,
)
from lifecycle.policy.renderings.domain import key_of, rendered, rendered_field
from lifecycle.policy.rulebook.domain import Rule
from lifecycle.policy.sources.domain import AttributeSource, Metric
from lifecycle.text.faults.domain import Language, Said, Text, clipped
from lifecycle.text.paths.domain import nth, under

Kind = Literal["added", "removed", "changed", "reordered"]
Declared = Metric | AttributeSource | Value | SendClass | Rule

_SHOWN = 300


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    kind: Kind
    path: str
    """In the new document; of what was removed, in the old one."""
    text: Text
    before: str | None = None
    """As it was written; None when there was nothing."""
    after: str | None = None
    values: dict[str, Said] = {}

    def told(self, language: Language) -> str:
        said = self.text.zh if language == "zh" else self.text.en
        before, after = (clipped(each or "–", _SHOWN) for each in (self.before, self.after))
        return f"{self.path}: {said.format(before=before, after=after, **self.values)}"


def differences(before: Policy, after: Policy) -> tuple[Difference, ...]:
    """In the order of the document."""
    return tuple(_differences(before, after))


def _differences(before: Policy, after: Policy) -> Iterator[Difference]:
    yield from _fields(before, after)
    yield from _named("metrics", before.metrics, after.metrics)
    yield from _named("attributes", before.attributes, after.attributes)
    yield from _named("stages", before.stages, after.stages)
    yield from _named("health", before.health, after.health)
    yield from _named("segments", before.segments, after.segments)
    yield from _guards(before.guards, after.guards)
    yield from _named("rules", before.rules, after.rules)


_COMPARED_BY_PART = {"metrics", "attributes", "stages", "health", "segments", "guards", "rules"}


def _fields(before: Policy, after: Policy) -> Iterator[Difference]:
    """The fields of the policy that hold one thing."""
    for name in [field.name for field in msgspec.structs.fields(Policy) if field.name not in _COMPARED_BY_PART]:
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        if name == "holidays":
            more, fewer = len({*new} - {*old}), len({*old} - {*new})
            yield _changed("calendar.holidays", HOLIDAYS, old, new, more=more, fewer=fewer)
        else:
            yield _changed(*CHANGED_POLICY.get(name, (name, CHANGED)), old, new)


def _named(part: Part, before: Sequence[Declared], after: Sequence[Declared], within: str = "") -> Iterator[Difference]:
    path = under(within, part)
    old, new = {_name(each): each for each in before}, {_name(each): each for each in after}
    yield from _gone(part, path, old, new)
    for name, each in new.items():
        at = f"{path}.{name}"
        if name not in old:
            text = ADDED[part]
            yield Difference(kind="added", path=at, text=text, after=_essence(each))
        elif old[name] != each:
            yield from _altered(at, old[name], each)
    kept = [name for name in old if name in new]
    again = [name for name in new if name in old]
    if kept != again:
        text = ORDER_MATTERS if part in {"stages", "health"} else ORDER_IDLE
        yield Difference(kind="reordered", path=path, text=text, before=", ".join(kept), after=", ".join(again))


def _gone(part: Part, path: str, old: Mapping[str, Declared], new: Mapping[str, Declared]) -> Iterator[Difference]:
    fresh = ", ".join(name for name in new if name not in old)
    for name, each in old.items():
        if name in new:
            continue
        text, values = REMOVED[part], dict[str, Said]()
        if fresh and isinstance(each, Value):
            text, values = MAYBE_RENAMED, {"names": fresh}
        yield Difference(kind="removed", path=f"{path}.{name}", text=text, before=_essence(each), values=values)


def _altered(path: str, old: Declared, new: Declared) -> Iterator[Difference]:
    match old, new:
        case Value(), Value():
            yield _changed(path, CONDITION_CHANGED, old.condition, new.condition)
        case Rule(), Rule():
            for field in [each.name for each in msgspec.structs.fields(Rule)]:
                if getattr(old, field) != getattr(new, field):
                    at, text = under(path, key_of(Rule, field) or field), CHANGED_RULE.get(field, CHANGED)
                    yield _changed(at, text, rendered_field(old, field), rendered_field(new, field))
        case Metric() | AttributeSource(), Metric() | AttributeSource():
            if rendered(old) != rendered(new):
                yield _changed(path, METRIC_CHANGED, old, new)
            if old.number != new.number:
                yield _changed(path, RENUMBERED, str(old.number), str(new.number))
        case _:
            yield _changed(path, CHANGED, old, new)


def _guards(before: Guards, after: Guards) -> Iterator[Difference]:
    yield from _named("classes", before.classes, after.classes, within="guards")
    yield from _caps(before.caps, after.caps)
    for name in [each.name for each in msgspec.structs.fields(Guards) if each.name not in {"classes", "caps"}]:
        old, new, path = getattr(before, name), getattr(after, name), f"guards.{name}"
        if old == new:
            continue
        if old is None:
            yield Difference(kind="added", path=path, text=GUARD_ADDED, after=rendered(new))
        elif new is None:
            yield Difference(kind="removed", path=path, text=GUARD_REMOVED, before=rendered(old))
        else:
            is_redrawn = name == "holdout" and old.salt != new.salt
            yield _changed(path, NEW_SALT if is_redrawn else CHANGED, old, new)


def _caps(before: Sequence[Cap], after: Sequence[Cap]) -> Iterator[Difference]:
    """Caps have no names: those of the same class, channel and period are taken for the same, in their order."""
    path, found = "guards.caps", False
    old, new = _alike(before), _alike(after)
    for key in dict.fromkeys((*old, *new)):
        for was, now in zip_longest(old.get(key, ()), new.get(key, ())):
            if was is None:
                yield Difference(kind="added", path=nth(path, now[0]), text=GUARD_ADDED, after=rendered(now[1]))
            elif now is None:
                yield Difference(kind="removed", path=nth(path, was[0]), text=GUARD_REMOVED, before=rendered(was[1]))
            elif was[1] != now[1]:
                yield _changed(nth(path, now[0]), CAP_CHANGED, was[1], now[1])
            else:
                continue
            found = True
    if before != after and not found:
        yield Difference(kind="reordered", path=path, text=ORDER_IDLE, before=rendered(before), after=rendered(after))


def _alike(caps: Sequence[Cap]) -> dict[tuple[str, str, str], list[tuple[int, Cap]]]:
    """Each with its place in the list."""
    groups: dict[tuple[str, str, str], list[tuple[int, Cap]]] = {}
    for index, cap in enumerate(caps):
        groups.setdefault((cap.sent_as, cap.channel or "", cap.per), []).append((index, cap))
    return groups


def _name(part: Declared) -> str:
    return part.id if isinstance(part, Rule) else part.name


def _essence(part: Declared) -> str:
    """A value is known by its condition."""
    return rendered(part.condition if isinstance(part, Value) else part)


def _changed(path: str, text: Text, old: object, new: object, **values: Said) -> Difference:
    before, after = (each if isinstance(each, str) else rendered(each) for each in (old, new))
    return Difference(kind="changed", path=path, text=text, before=before, after=after, values=values)
