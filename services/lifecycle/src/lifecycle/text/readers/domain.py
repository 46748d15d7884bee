"""Typed reading 讀取 of a document by readers, which are put together like data (`shapes`, `notations`).

A reader gives the value of a node, or None once it has told at least one fault: one reading finds every fault.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TypeAlias, TypeVar

import msgspec

from lifecycle.text.documents.domain import Mapping, Node, Scalar, Sequence
from lifecycle.text.faults.domain import MOST_FAULTS, Fault, Place, Said, Text, clipped
from lifecycle.text.likeness.domain import near
from lifecycle.text.paths.domain import nth, under

T = TypeVar("T")
U = TypeVar("U")
Kind = TypeVar("Kind", Scalar, Sequence, Mapping)

NOT_TEXT = Text("not_text", en="one value is expected here, not {found}", zh="這裡應該是單一的值，而不是 {found}")
NOTHING = Text(
    "nothing", en="nothing stands here; write a value or leave the key out", zh="這裡沒有內容；請填寫，或刪去這個名稱"
)
INSTEAD = Text("instead", en="write {instead} instead of {found}", zh="請寫 {instead}，不要寫 {found}")
UNKNOWN = Text(
    "unknown_name", en="{found!r} is not known here; there are: {known}", zh="這裡沒有「{found}」；可用的有：{known}"
)
NEAR = Text(
    "near_name",
    en="{found!r} is not known here; did you mean {near!r}? There are: {known}",
    zh="這裡沒有「{found}」；是指「{near}」嗎？可用的有：{known}",
)

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_KNOWN_SHOWN = 400


class _Enough(Exception):
    """So many faults that the reading stops."""


class Spot(msgspec.Struct, frozen=True):
    """Where in the document the reading stands; it gathers the faults of the whole reading."""

    path: str = ""
    name: str = ""
    """The key that holds it."""
    faults: list[Fault] = []

    def tell(self, text: Text, place: Place, **values: Said) -> None:
        self.faults.append(Fault(text=text, path=self.path, place=place, values=values))
        if len(self.faults) >= MOST_FAULTS:
            raise _Enough

    def under(self, key: str) -> "Spot":
        return Spot(under(self.path, key), key, self.faults)

    def nth(self, index: int) -> "Spot":
        return Spot(nth(self.path, index), self.name, self.faults)


Reader: TypeAlias = Callable[[Node, Spot], T | None]


def read(reader: Reader[T], node: Node) -> tuple[T | None, tuple[Fault, ...]]:
    """The value, or what is wrong, in the order of the document."""
    spot, value = Spot(), None
    with suppress(_Enough):
        value = reader(node, spot)
    return value, tuple(sorted(spot.faults, key=lambda fault: fault.place or Place(0, 0)))


def expected(kind: type[Kind], otherwise: Text, node: Node, spot: Spot) -> Kind | None:
    """The node, if it is of that kind and says something: `~` and `null` say nothing unless they are quoted."""
    if isinstance(node, Scalar) and node.text in _NULL and not node.quoted:
        spot.tell(NOTHING, node.place)
        return None
    if isinstance(node, kind):
        return node
    spot.tell(otherwise, node.place, found=shown(node))
    return None


def shown(node: Node) -> str:
    """The node in a message of any language."""
    if isinstance(node, Scalar):
        return clipped(node.text)
    return "[…]" if isinstance(node, Sequence) else "{…}"


def scalar_of(node: Node, spot: Spot) -> Scalar | None:
    return expected(Scalar, NOT_TEXT, node, spot)


def as_scalar(
    parse: Callable[[str], T | None], otherwise: Text, *, tidy: Callable[[str], str] = str, bare: bool = False
) -> Reader[T]:
    """A text that `parse` understands. What it understands only after `tidy` is a fault that says what to write instead.

    `bare`: not in quotes, which in YAML make a text of a number.
    """

    def reader(node: Node, spot: Spot) -> T | None:
        scalar = scalar_of(node, spot)
        if scalar is None:
            return None
        value = None if bare and scalar.quoted else parse(scalar.text)
        if value is not None:
            return value
        instead = tidy(scalar.text)
        if parse(instead) is not None:
            spot.tell(INSTEAD, scalar.place, found=clipped(scalar.source), instead=instead)
        else:
            spot.tell(otherwise, scalar.place, found=clipped(scalar.text))
        return None

    return reader


def as_one_of(names: Collection[str]) -> Reader[str]:
    return as_word({name: name for name in names})


def as_word(words: dict[str, T], otherwise: Reader[U] | None = None) -> Reader[T | U]:
    """One of some words, which stand for values; any other text goes to `otherwise`, unless it is nearly one of them."""

    def reader(node: Node, spot: Spot) -> T | U | None:
        if otherwise and not (isinstance(node, Scalar) and (node.text in words or near(node.text, words))):
            return otherwise(node, spot)
        scalar = scalar_of(node, spot)
        if scalar is None:
            return None
        if scalar.text not in words:
            tell_unknown(scalar, words, spot)
        return words.get(scalar.text)

    return reader


def by_kind(
    *, text: Reader[T] | None = None, listed: Reader[T] | None = None, mapping: Reader[T] | None = None
) -> Reader[T]:
    """The reader for what stands there; what may not stand there, the first of them refuses."""
    readers = {Scalar: text, Sequence: listed, Mapping: mapping}
    first = next(reader for reader in readers.values() if reader)
    return lambda node, spot: (readers[type(node)] or first)(node, spot)


def then(reader: Reader[T], make: Callable[[T], U]) -> Reader[U]:
    def further(node: Node, spot: Spot) -> U | None:
        value = reader(node, spot)
        return None if value is None else make(value)

    return further


def such_that(reader: Reader[T], holds: Callable[[T], bool], otherwise: Text, **values: Said) -> Reader[T]:
    """What was read, if the test holds; `otherwise` may name what was `found`."""

    def further(node: Node, spot: Spot) -> T | None:
        value = reader(node, spot)
        if value is None or holds(value):
            return value
        spot.tell(otherwise, node.place, found=shown(node), **values)
        return None

    return further


def tell_unknown(name: Scalar, names: Collection[str], spot: Spot) -> None:
    meant = near(name.text, names)
    known = clipped(", ".join(names), _KNOWN_SHOWN)
    spot.tell(NEAR if meant else UNKNOWN, name.place, found=clipped(name.text), known=known, near=meant or "")
