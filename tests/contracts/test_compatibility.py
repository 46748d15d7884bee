"""What is published stays readable: every kind of break is caught, and growth is not."""

import json
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, defstruct

from common.contracts.event import Code, Count, Moment
from contract_changes import breaking_changes, same_but_for_words
from docs_events import schemas
from publish_contracts import PUBLISHED, broken, grown, publish, read

COMMAND = "run: python scripts/publish_contracts.py"


def test_nothing_published_is_broken() -> None:
    assert broken(read(PUBLISHED), schemas()) == [], "a breaking change is a new version beside the old"


def test_all_that_there_is_is_published() -> None:
    assert grown(read(PUBLISHED), schemas()) == [], COMMAND


class Line(msgspec.Struct, kw_only=True):
    quantity: Annotated[int, Meta(ge=1, le=9)]
    colour: Code | None = None


class Give(msgspec.Struct, kw_only=True, tag="give", tag_field="kind"):
    points: Count


class Tell(msgspec.Struct, kw_only=True, tag="tell", tag_field="kind"):
    template: Code


FIELDS: dict[str, Any] = {
    "member": Code,
    "amount": Count,
    "reason": Literal["a", "b"],
    "at": Moment,
    "lines": list[Line],
    "act": Give | Tell,
    "coupon": (Code | None, None),
    "source": (Literal["web", "app"], "web"),
}


def schema(fields: dict[str, Any] = FIELDS, *, name: str = "Thing", doc: str = "A thing happened.") -> dict[str, Any]:
    parts = [(field, *hint) if isinstance(hint, tuple) else (field, hint) for field, hint in fields.items()]
    kind = defstruct(name, parts, kw_only=True, namespace={"__doc__": doc})
    return {"x-key": "member", **msgspec.json.schema(kind)}


def having(**fields: Any) -> dict[str, Any]:
    return schema(FIELDS | fields)


def without(name: str) -> dict[str, Any]:
    return schema({field: hint for field, hint in FIELDS.items() if field != name})


def line(**fields: Any) -> Any:
    given: dict[str, Any] = {"quantity": Annotated[int, Meta(ge=1, le=9)], "colour": (Code | None, None)} | fields
    parts = [(field, *hint) if isinstance(hint, tuple) else (field, hint) for field, hint in given.items()]
    return types.GenericAlias(list, (defstruct("Line", parts, kw_only=True),))


def tagged(name: str, tag: str, tag_field: str = "kind", **fields: Any) -> Any:
    return defstruct(name, list(fields.items()), kw_only=True, tag=tag, tag_field=tag_field)


BREAKS: dict[str, tuple[dict[str, Any], str]] = {
    "a field removed": (without("amount"), "data.amount: removed"),
    "an optional field removed": (without("coupon"), "data.coupon: removed"),
    "a field renamed": (
        schema({("sum" if f == "amount" else f): h for f, h in FIELDS.items()}),
        "data.amount: removed",
    ),
    "another type": (having(amount=Code), "data.amount: type"),
    "another format": (having(at=Code), "data.at: format"),
    "no longer a list": (having(lines=Line), "data.lines: type"),
    "a list of something else": (having(lines=list[Give]), "data.lines[].quantity: removed"),
    "a new required field": (having(extra=Code), "data.extra: new and required"),
    "an optional field required": (having(coupon=Code | None), "data.coupon: was optional"),
    "a required field optional": (having(amount=(Count, 0)), "data.amount: was required"),
    "another default": (having(source=(Literal["web", "app"], "app")), "data.source: default was web, is app"),
    "may be null": (having(amount=Count | None), "data.amount: may now be"),
    "may no longer be null": (having(coupon=(Code, "x")), "data.coupon: may no longer be null"),
    "an enum grown": (having(reason=Literal["a", "b", "c"]), "data.reason: 'c' cannot be read"),
    "an enum shrunk": (having(reason=Literal["a"]), "data.reason: 'b' can no longer be read"),
    "an enum renamed": (having(reason=Literal["a", "B"]), "data.reason: 'b' can no longer be read"),
    "a bound narrowed": (having(amount=Annotated[int, Meta(ge=1)]), "data.amount: minimum was 0, is 1"),
    "a bound widened": (having(amount=Annotated[int, Meta(ge=-1)]), "data.amount: minimum was 0, is -1"),
    "a bound removed": (having(amount=int), "data.amount: minimum was 0, is nothing"),
    "a bound added": (having(amount=Annotated[int, Meta(ge=0, le=9)]), "data.amount: maximum was nothing, is 9"),
    "a length narrowed": (having(member=Annotated[str, Meta(min_length=1, max_length=9)]), "data.member: maxLength"),
    "a pattern added": (
        having(member=Annotated[str, Meta(min_length=1, max_length=64, pattern="^a")]),
        "data.member: pattern",
    ),
    "a part's field removed": (
        having(lines=line(colour=(Code | None, None), quantity=int)),
        "data.lines[].quantity: m",
    ),
    "a part's new required field": (having(lines=line(size=Code)), "data.lines[].size: new and required"),
    "a tag changed": (having(act=tagged("Give", "grant", points=Count) | Tell), "data.act: may no longer be give"),
    "a kind added": (having(act=Give | Tell | tagged("Ask", "ask")), "data.act: may now be ask"),
    "a kind removed": (having(act=Give), "data.act: may no longer be tell"),
    "a kind's field changed": (having(act=tagged("Give", "give", points=int) | Tell), "data.act<give>.points: minimum"),
    "another tag field": (
        having(act=tagged("Give", "give", "type", points=Count) | tagged("Tell", "tell", "type", template=Code)),
        "data.act<give>.kind: removed",
    ),
    "another key": (schema() | {"x-key": "coupon"}, "data: x-key was member, is coupon"),
    "unknown fields forbidden": (
        {**schema(), "additionalProperties": False},
        "data: additionalProperties was nothing, is False",
    ),
}


@pytest.mark.parametrize(("changed", "line"), BREAKS.values(), ids=BREAKS)
def test_each_kind_of_break_is_caught_and_named(changed: dict[str, Any], line: str) -> None:
    changes = breaking_changes(schema(), changed)

    assert any(change.startswith(line) for change in changes), changes
    assert not same_but_for_words(schema(), changed)


GROWTH: dict[str, dict[str, Any]] = {
    "an optional field": having(extra=(Code | None, None)),
    "an optional field with a default": having(extra=(Literal["x", "y"], "x")),
    "an optional list of a new part": having(extra=(list[Tell], msgspec.field(default_factory=list))),
    "an optional field of a part": having(lines=line(size=(Count, 0))),
}


@pytest.mark.parametrize("changed", GROWTH.values(), ids=GROWTH)
def test_growth_breaks_nothing_and_is_to_be_published(changed: dict[str, Any]) -> None:
    assert breaking_changes(schema(), changed) == []
    assert not same_but_for_words(schema(), changed)
    assert grown({"t": schema()}, {"t": changed}) == ["t"]


SAME = {
    "other words": schema(doc="Other words."),
    "another class name": schema(name="Other"),
    "literals in another order": having(reason=Literal["b", "a"]),
}


@pytest.mark.parametrize("changed", SAME.values(), ids=SAME)
def test_what_is_not_on_the_wire_is_free(changed: dict[str, Any]) -> None:
    assert breaking_changes(schema(), changed) == []


def test_a_break_in_any_published_type_is_caught() -> None:
    """Not only in the made-up one: whatever constraint of whatever field is dropped."""
    for type_name, published in read(PUBLISHED).items():
        for path, forget in _constraints(published, f"{type_name}:"):
            changed = json.loads(json.dumps(published))
            forget(changed)
            assert breaking_changes(published, changed), path


def _constraints(node: Any, path: str, way: tuple[str | int, ...] = ()) -> list[tuple[str, Callable[[Any], None]]]:
    """Each constraint in a schema, with a function that drops it from a copy."""
    found: list[tuple[str, Callable[[Any], None]]] = []
    for key, part in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        here = (*way, key)
        if key in {"type", "format", "enum", "pattern", "minimum", "maxLength", "minLength", "default", "x-key"}:
            found.append((f"{path} {here}", lambda document, here=here: _drop(document, here)))  # type: ignore[misc]
        else:
            found += _constraints(part, path, here)
    return found


def _drop(document: Any, way: tuple[str | int, ...]) -> None:
    for step in way[:-1]:
        document = document[step]
    del document[way[-1]]


def test_publishing_adds_what_is_new_or_grown_and_nothing_else(tmp_path: Path) -> None:
    old, new = schema(), having(extra=(Code | None, None))
    assert publish(tmp_path, {"a.v1": old, "b.v1": old}) == (["a.v1", "b.v1"], [])
    written = (tmp_path / "b.v1.json").stat().st_mtime_ns

    assert publish(tmp_path, {"a.v1": new, "b.v1": schema(doc="Other words."), "c.v1": old}) == (["a.v1", "c.v1"], [])
    assert read(tmp_path) == {"a.v1": new, "b.v1": old, "c.v1": old}
    assert (tmp_path / "b.v1.json").stat().st_mtime_ns == written


def test_publishing_refuses_a_break_and_then_writes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, {"a.v1": schema(), "b.v1": schema()})

    written, breaks = publish(tmp_path, {"a.v1": without("amount"), "c.v1": schema()})

    assert written == []
    assert breaks == ["a.v1: data.amount: removed", "b.v1: is gone; events of it are stored and must be read"]
    assert set(read(tmp_path)) == {"a.v1", "b.v1"}
