"""Any value that a class of `common.contracts` may hold, from its type hints."""

import types
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from hypothesis import strategies as st

TEXT = st.characters(exclude_categories=["Cs"])


def structs(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{field.name: _values(hints[field.name]) for field in msgspec.structs.fields(kind)})


def _values(hint: Any) -> st.SearchStrategy[Any]:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _bounded(parts[0], *(part for part in parts[1:] if isinstance(part, msgspec.Meta)))
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in {Union, types.UnionType}:
        return st.one_of(*(_values(part) for part in parts))
    if origin is list:
        return st.lists(_values(parts[0]), max_size=5)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return structs(hint)
    return _plain(hint)


def _plain(kind: Any) -> st.SearchStrategy[Any]:
    simple: dict[Any, st.SearchStrategy[Any]] = {
        types.NoneType: st.none(),
        UUID: st.uuids(),
        bool: st.booleans(),
        int: st.integers(-(2**63), 2**63 - 1),
        str: st.text(TEXT, max_size=100),
        date: st.dates(),
        datetime: moments(),
    }
    return simple[kind]


def moments() -> st.SearchStrategy[datetime]:
    """Moments to the microsecond, in any zone that RFC 3339 can write."""
    zones = st.sampled_from(
        [UTC, *(timezone(timedelta(minutes=minutes)) for minutes in (-14 * 60, -210, 345, 480, 14 * 60))]
    )
    return st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=zones)  # noqa: DTZ001 - hypothesis adds the zone


def _bounded(plain: Any, *metas: msgspec.Meta) -> st.SearchStrategy[Any]:
    bounds = {
        name: value
        for meta in metas
        for name in ("ge", "le", "min_length", "max_length", "pattern", "tz")
        if (value := getattr(meta, name)) is not None
    }
    if "pattern" in bounds:
        return st.from_regex(bounds["pattern"].removesuffix("$") + r"\Z")
    if plain is int:
        return st.integers(bounds.get("ge", -(2**63)), bounds.get("le", 2**63 - 1))
    if plain is str:
        return st.text(TEXT, min_size=bounds.get("min_length", 0), max_size=bounds.get("max_length", 100))
    return _values(plain)
