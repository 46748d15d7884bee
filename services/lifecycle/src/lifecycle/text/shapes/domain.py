"""What a document is made of, as data: mappings with known keys, tables, cases, lists, and one of several shapes.

RULE = as_mapping(Rule, {"when": required(TRIGGER, to="trigger"), "priority": optional(as_whole(0, 100))}, named="id")
rules, faults = read(as_table(RULE), document)
"""

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Named
from typing import Any, TypeVar

import msgspec

from lifecycle.text.documents.domain import Mapping, Node, Scalar, Sequence
from lifecycle.text.faults.domain import Text, clipped
from lifecycle.text.likeness.domain import near
from lifecycle.text.notations.domain import as_code
from lifecycle.text.readers.domain import Reader, Spot, expected, shown, tell_unknown, then

T = TypeVar("T")

NOT_LIST = Text("not_list", en="a list is expected here, not {found}", zh="這裡應該是清單，而不是 {found}")
NOT_MAPPING = Text(
    "not_mapping", en="'key: value' is expected here, not {found}", zh="這裡應該是「名稱: 值」，而不是 {found}"
)
NOT_CASE = Text(
    "not_case",
    en="each item must be one '- name: …', not {found}",
    zh="每一項都應該是一個「- 名稱: …」，而不是 {found}",
)
ITEMS = Text(
    "items", en="{count} items stand here; from {low} to {high} may", zh="這裡有 {count} 項；應為 {low} 到 {high} 項"
)
MISSING_KEY = Text("missing_key", en="{key!r} is missing here", zh="這裡缺少「{key}」")
NO_SHAPE = Text("no_shape", en="one of these keys is expected here: {known}", zh="這裡應該有其中一個名稱：{known}")
LOOSE_PIECE = Text(
    "loose_piece",
    en="{found!r} stands here without a value; a text with a comma in it needs quotes",
    zh="「{found}」在這裡沒有值；含有逗號的文字請放進引號",
)
TWICE = Text(
    "twice",
    en="{found!r} stands here a second time; the first is at line {line}",
    zh="「{found}」在這裡重複；第一次在第 {line} 行",
)


class Field(msgspec.Struct, frozen=True):
    reader: Reader[Any]
    required: bool
    to: str | None = None
    """The name it is handed on by, where that is not the key."""


def required(reader: Reader[Any], to: str | None = None) -> Field:
    return Field(reader, required=True, to=to)


def optional(reader: Reader[Any], to: str | None = None) -> Field:
    """A key that may be left out: then nothing is handed on, and what is made keeps its own default."""
    return Field(reader, required=False, to=to)


def as_mapping(make: Callable[..., T], fields: Named[str, Field], named: str | None = None) -> Reader[T]:
    """Known keys, handed on to `make` by name; with `named`, also the key that holds this mapping."""

    def reader(node: Node, spot: Spot) -> T | None:
        mapping = expected(Mapping, NOT_MAPPING, node, spot)
        if mapping is None:
            return None
        before = len(spot.faults)
        values: dict[str, Any] = {named: spot.name} if named else {}
        for key, value in mapping.pairs:
            if field := fields.get(key.text):
                values[field.to or key.text] = field.reader(value, spot.under(key.text))
            else:
                _tell_unknown_key(key, value, fields, spot.under(key.text))
        given = {key.text for key, _ in mapping.pairs}
        for name, field in fields.items():
            if field.required and name not in given:
                spot.tell(MISSING_KEY, mapping.place, key=name)
        return make(**values) if len(spot.faults) == before else None

    return reader


def as_shape(shapes: Named[str, Reader[T]]) -> Reader[T]:
    """One of several mappings: the first of these whose key is there."""

    def reader(node: Node, spot: Spot) -> T | None:
        mapping = expected(Mapping, NOT_MAPPING, node, spot)
        if mapping is None:
            return None
        given = {key.text: key for key, _ in mapping.pairs}
        for key, shape in shapes.items():
            if key in given:
                return shape(mapping, spot)
        meant = next((key for key in given.values() if near(key.text, shapes)), None)
        if meant:
            tell_unknown(meant, shapes, spot.under(meant.text))
        else:
            spot.tell(NO_SHAPE, mapping.place, known=", ".join(shapes))
        return None

    return reader


def as_table(
    value: Reader[T], *, key: Reader[str] | None = None, least: int = 0, most: int = 1000
) -> Reader[dict[str, T]]:
    """Names that the operator chooses, each with a value."""

    def reader(node: Node, spot: Spot) -> dict[str, T] | None:
        mapping = expected(Mapping, NOT_MAPPING, node, spot)
        if mapping is None:
            return None
        before = len(spot.faults)
        _tell_count(mapping, len(mapping.pairs), least, most, spot)
        table = _table(mapping.pairs, value, key or as_code(), spot)
        return table if len(spot.faults) == before else None

    return reader


def as_cases(
    value: Reader[T], *, key: Reader[str] | None = None, least: int = 1, most: int = 100
) -> Reader[dict[str, T]]:
    """Names whose order counts: a list of `- name: value`."""

    def reader(node: Node, spot: Spot) -> dict[str, T] | None:
        sequence = expected(Sequence, NOT_LIST, node, spot)
        if sequence is None:
            return None
        before = len(spot.faults)
        _tell_count(sequence, len(sequence.items), least, most, spot)
        pairs: list[tuple[Scalar, Node]] = []
        for index, item in enumerate(sequence.items):
            if isinstance(item, Mapping) and len(item.pairs) == 1:
                pairs += item.pairs
            else:
                spot.nth(index).tell(NOT_CASE, item.place, found=shown(item))
        table = _table(pairs, value, key or as_code(), spot)
        return table if len(spot.faults) == before else None

    return reader


def as_list(item: Reader[T], *, least: int = 0, most: int = 100) -> Reader[tuple[T, ...]]:
    def reader(node: Node, spot: Spot) -> tuple[T, ...] | None:
        sequence = expected(Sequence, NOT_LIST, node, spot)
        if sequence is None:
            return None
        before = len(spot.faults)
        _tell_count(sequence, len(sequence.items), least, most, spot)
        values = [item(child, spot.nth(index)) for index, child in enumerate(sequence.items)]
        return tuple(value for value in values if value is not None) if len(spot.faults) == before else None

    return reader


def as_some(item: Reader[T], *, most: int = 100) -> Reader[tuple[T, ...]]:
    """One item alone, or a list of at least one."""
    several, alone = as_list(item, least=1, most=most), then(item, lambda value: (value,))
    return lambda node, spot: (several if isinstance(node, Sequence) else alone)(node, spot)


def _table(pairs: Iterable[tuple[Scalar, Node]], value: Reader[T], key: Reader[str], spot: Spot) -> dict[str, T]:
    """What could be read of it; a name that stands twice is told."""
    table: dict[str, T] = {}
    lines: dict[str, int] = {}
    for name, node in pairs:
        below = spot.under(name.text)
        if name.text in lines:
            below.tell(TWICE, name.place, found=clipped(name.text), line=lines[name.text])
        lines.setdefault(name.text, name.place.line)
        read_name, read_value = key(name, below), value(node, below)
        if read_name is not None and read_value is not None:
            table[read_name] = read_value
    return table


def _tell_count(node: Node, count: int, least: int, most: int, spot: Spot) -> None:
    if not least <= count <= most:
        spot.tell(ITEMS, node.place, count=count, low=least, high=most)


def _tell_unknown_key(key: Scalar, value: Node, fields: Named[str, Field], spot: Spot) -> None:
    if isinstance(value, Scalar) and not value.source and not near(key.text, fields):
        spot.tell(LOOSE_PIECE, key.place, found=clipped(key.text))
    else:
        tell_unknown(key, fields, spot)
