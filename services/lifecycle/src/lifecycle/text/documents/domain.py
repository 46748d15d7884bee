"""A document 文件 as an operator wrote it: texts, lists and mappings, each with its place.

Nothing is resolved. `on`, `012`, `21:30` and `~` are the texts that stand there; what a text means, its reader decides.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

import msgspec
from ruamel.yaml.events import (
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from lifecycle.text.characters.domain import code_of, decoded, first_unseen
from lifecycle.text.faults.domain import MOST_FAULTS, Fault, Place, Text, clipped
from lifecycle.text.markup.domain import Refused, events, place_of
from lifecycle.text.paths.domain import nth, under

MOST_NODES = 20_000
DEEPEST = 16

EMPTY = Text("empty_document", en="the document is empty", zh="文件是空的")
SECOND = Text("second_document", en="a second document begins here; write one", zh="這裡開始了第二份文件；只能有一份")
TOO_DEEP = Text(
    "too_deep",
    en="more than {most} lists and mappings lie in one another here",
    zh="這裡的清單和對照層層相套，超過 {most} 層",
)
TOO_MANY = Text("too_many", en="the document has more than {most} entries", zh="文件超過 {most} 個項目")
KEY = Text("key", en="a key must be a text on one line", zh="名稱必須是一行文字")
MERGE = Text(
    "merge_key", en="'<<' may not be used here; write the keys out", zh="這裡不能使用「<<」；請直接寫出各個名稱"
)
DUPLICATE = Text(
    "duplicate_key",
    en="{key!r} stands here a second time; the first is at line {line}",
    zh="「{key}」在這裡重複；第一次在第 {line} 行",
)
WIDE_SPACE = Text(
    "wide_space",
    en="the space {code} stands before or after {found!r}; write ordinary spaces",
    zh="「{found}」前後有特殊空格 {code}；請改用半形空格",
)
ESCAPED = Text(
    "escaped_character",
    en="the escape stands for {code}, which no text may hold",
    zh="這裡的跳脫字元代表 {code}，文字不能含有它",
)

_WHITE = " \t\r\n"
_PLAIN = re.compile(rf"[^{_WHITE}]")
_SINGLE = re.compile(rf"''|[^{_WHITE}]")
_DOUBLE = re.compile(rf"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|x..|u....|U.{{8}}|\r?\n|.)|[^{_WHITE}]")
_BLANK = re.compile(r"\\(?:[ tnr\t\r\n]|(?:x|u00|U000000)(?:20|09|0[aA]|0[dD]))", re.DOTALL)
"""An escape that stands for white space, or for none."""


class Scalar(msgspec.Struct, frozen=True):
    text: str
    place: Place
    source: str = ""
    """As written, with its quotes, or with its line of `|`."""

    @property
    def quoted(self) -> bool:
        return self.source[:1] in {"'", '"', "|", ">"}

    def at(self, offset: int) -> Place:
        """Where the character at that offset of the text stands in the document; of white space, where the word before it ends."""
        words = len(_PLAIN.findall(self.text[:offset]))
        on_word = _PLAIN.match(self.text, offset)
        written = list(islice(_words(self.source), words + 1))
        if on_word and words < len(written):
            index = written[words].start()
        elif words:
            index = written[words - 1].end()
        else:
            index = min(len(self.source), int(self.quoted))
        line = self.source.count("\n", 0, index)
        column = index - self.source.rfind("\n", 0, index) if line else self.place.column + index
        return Place(self.place.line + line, column)


class Sequence(msgspec.Struct, frozen=True):
    items: tuple["Node", ...]
    place: Place


class Mapping(msgspec.Struct, frozen=True):
    pairs: tuple[tuple[Scalar, "Node"], ...]
    place: Place


Node: TypeAlias = Scalar | Sequence | Mapping


def read_document(source: str | bytes) -> tuple[Node | None, tuple[Fault, ...]]:
    """The document, or what is wrong with it; the last fault may be where the reading stopped."""
    text = decoded(source)
    if isinstance(text, Fault):
        return None, (text,)
    composing = _Composing(text)
    try:
        node = composing.document()
    except Refused as refused:
        composing.faults.append(refused.fault)
    return (None if composing.faults else node), tuple(composing.faults[:MOST_FAULTS])


def _words(source: str) -> Iterator[re.Match[str]]:
    """What stands in the source for each character that is not white space."""
    match source[:1]:
        case "'":
            return _SINGLE.finditer(source, 1)
        case '"':
            return (found for found in _DOUBLE.finditer(source, 1) if not _BLANK.match(found.group()))
        case "|" | ">":
            return _PLAIN.finditer(source, source.find("\n"))
    return _PLAIN.finditer(source)


class _Composing:
    """Builds the nodes of one document from its events, and gathers faults that do not stop it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.events = events(text)
        self.faults: list[Fault] = []
        self.nodes = 0

    def document(self) -> Node:
        start = next(self.events)
        if isinstance(next(self.events), StreamEndEvent):
            raise Refused(Fault(text=EMPTY, place=place_of(start.start_mark)))
        node = self.node(next(self.events), "", 1)
        if isinstance(node, Scalar) and not node.source:
            raise Refused(Fault(text=EMPTY, place=node.place))
        next(self.events)  # the document's end
        after = next(self.events)
        if not isinstance(after, StreamEndEvent):
            raise Refused(Fault(text=SECOND, place=place_of(after.start_mark)))
        return node

    def node(self, event: Event, path: str, depth: int) -> Node:
        place = place_of(event.start_mark)
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise Refused(Fault(text=TOO_MANY, path=path, place=place, values={"most": MOST_NODES}))
        if isinstance(event, ScalarEvent):
            return self.scalar(event, path, place)
        if depth > DEEPEST:
            raise Refused(Fault(text=TOO_DEEP, path=path, place=place, values={"most": DEEPEST}))
        if isinstance(event, MappingStartEvent):
            return Mapping(tuple(self.pairs(path, depth)), place)
        return Sequence(tuple(self.items(path, depth)), place)

    def scalar(self, event: ScalarEvent, path: str, place: Place) -> Scalar:
        text = event.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")  # JSON's pairs
        scalar = Scalar(text, place, self.text[event.start_mark.index : event.end_mark.index])
        if (unseen := first_unseen(scalar.text)) is not None:
            code = code_of(scalar.text[unseen])
            self.faults.append(Fault(text=ESCAPED, path=path, place=scalar.at(unseen), values={"code": code}))
        bare = scalar.text.strip()
        if bare != scalar.text and not scalar.quoted:
            code = code_of(scalar.text.replace(bare, "", 1)[0])
            self.faults.append(
                Fault(text=WIDE_SPACE, path=path, place=place, values={"code": code, "found": clipped(bare)})
            )
        return scalar

    def items(self, path: str, depth: int) -> Iterator[Node]:
        index = 0
        while not isinstance(event := next(self.events), SequenceEndEvent):
            yield self.node(event, nth(path, index), depth + 1)
            index += 1

    def pairs(self, path: str, depth: int) -> Iterator[tuple[Scalar, Node]]:
        lines: dict[str, int] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.node(event, path, depth + 1)
            fault = _key_fault(key, path, lines)
            if fault:
                self.faults.append(fault)
            name = key.text if isinstance(key, Scalar) else ""
            value = self.node(next(self.events), under(path, name), depth + 1)
            if isinstance(key, Scalar):
                lines.setdefault(name, key.place.line)
                yield key, value


def _key_fault(key: Node, path: str, lines: dict[str, int]) -> Fault | None:
    if not isinstance(key, Scalar) or not key.text or "\n" in key.text:
        return Fault(text=KEY, path=path, place=key.place)
    if key.text == "<<" and not key.quoted:
        return Fault(text=MERGE, path=path, place=key.place)
    if key.text in lines:
        return Fault(
            text=DUPLICATE,
            path=under(path, key.text),
            place=key.place,
            values={"key": clipped(key.text), "line": lines[key.text]},
        )
    return None
