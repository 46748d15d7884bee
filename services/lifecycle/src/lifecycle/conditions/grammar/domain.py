"""The grammar 文法 of conditions: text to syntax, by recursive descent; docs/policy-language.md writes it down.

`or` binds looser than `and`, that looser than `not`, that looser than a comparison. What is written is bounded, so that any
text whatever is read or refused at once.
"""

from collections.abc import Callable
from typing import Literal, get_args

import msgspec

from lifecycle.conditions.cursors.domain import Cursor, Unreadable
from lifecycle.conditions.expressions.domain import Comparison
from lifecycle.conditions.syntax.domain import (
    Call,
    Compared,
    Joined,
    Length,
    Less,
    Listed,
    Name,
    Negated,
    Number,
    Quoted,
    Range,
    Times,
    Tree,
)
from lifecycle.conditions.tokens.domain import cut, excerpt, fault_at
from lifecycle.text.faults.domain import Fault, Text

MOST_CHARACTERS = 2000

TOO_LONG = Text(
    "condition_too_long",
    en="a condition has at most {most} characters, this one has {length}; a part of it may become a segment",
    zh="條件最多 {most} 個字元，這裡有 {length} 個；可以把一部分改成分群",
)
UNOPENED = Text("unopened_bracket", en="this '{found}' closes nothing", zh="這個「{found}」沒有對應的開頭")
COMMA = Text(
    "stray_comma",
    en="a comma stands only between brackets; 1,000 is written 1000, and conditions are joined by and, or",
    zh="逗號只能放在括號裡；1,000 要寫成 1000，條件之間用 and、or 連接",
)
STRAY_RANGE = Text(
    "stray_range",
    en="a range follows the word in: orders.count(30d) in 2..5",
    zh="範圍要接在 in 後面：orders.count(30d) in 2..5",
)
ARITHMETIC = Text(
    "arithmetic",
    en="there is no '{found}': a pace may be multiplied, 2 * orders.pace, and ages subtracted, nothing else",
    zh="沒有「{found}」這種運算：只有間隔可以乘（2 * orders.pace），經過天數可以相減",
)
CHAINED = Text("chained", en="two comparisons are written one by one: {written}", zh="兩個比較要分開寫：{written}")
NOT_LISTED = Text(
    "not_listed",
    en="after in stands a list in square brackets, [a, b], or a range, 2..5; found '{found}'",
    zh="in 後面要放方括號的清單 [a, b] 或範圍 2..5；這裡是「{found}」",
)
UNBRACKETED = Text("unbracketed", en="brackets are missing: {written}", zh="少了括號：{written}")

_COMPARISONS: dict[str, Comparison] = {op: op for op in get_args(Comparison)}
_JOINING = {"and", "or", "not"}
_ASKING = {"never", "since", "in", "consent", "clamp"}


class Parsed(msgspec.Struct, frozen=True):
    tree: Tree | None
    faults: tuple[Fault, ...]


def parse(source: str) -> Parsed:
    """Its syntax, unless a fault leaves none. Where words are wrong, what follows from that is not told as well."""
    if len(source) > MOST_CHARACTERS:
        return Parsed(None, (fault_at(source, MOST_CHARACTERS, TOO_LONG, most=MOST_CHARACTERS, length=len(source)),))
    read = cut(source)
    try:
        return Parsed(_whole(Cursor(source, read.tokens)), read.faults)
    except Unreadable as unreadable:
        return Parsed(None, read.faults or (unreadable.fault,))


def _whole(cursor: Cursor) -> Tree:
    tree = _condition(cursor)
    stray = {")": UNOPENED, "]": UNOPENED, ",": COMMA, "..": STRAY_RANGE}
    if cursor.stands(*stray):
        raise cursor.wrong(stray[cursor.here.text], found=cursor.here.text)
    if cursor.here.kind != "end":
        raise cursor.unexpected()
    return tree


def _condition(cursor: Cursor) -> Tree:
    return _joined(cursor, "or", lambda: _joined(cursor, "and", lambda: _negated(cursor)))


def _joined(cursor: Cursor, word: Literal["and", "or"], read: Callable[[], Tree]) -> Tree:
    parts = [read()]
    while cursor.takes(word):
        parts.append(read())
    return parts[0] if len(parts) == 1 else cursor.made(Joined(parts[0].start, cursor.end, word, tuple(parts)))


def _negated(cursor: Cursor) -> Tree:
    start = cursor.here.start
    if not cursor.takes("not"):
        return _comparison(cursor)
    child = cursor.deeper(lambda: _negated(cursor))
    return cursor.made(Negated(start, cursor.end, child))


def _comparison(cursor: Cursor) -> Tree:
    left = _difference(cursor)
    if cursor.stands("not") and cursor.stands("in", ahead=1):
        cursor.take()
        child = _membership(cursor, left)
        return cursor.made(Negated(child.start, child.end, child))
    if cursor.stands("in"):
        return _membership(cursor, left)
    if not cursor.stands(*_COMPARISONS):
        return left
    op = _COMPARISONS[cursor.take().text]
    right = _difference(cursor)
    if cursor.stands(*_COMPARISONS):
        _refuse_chain(cursor, left, op, right)
    return cursor.made(Compared(left.start, right.end, left, op, right))


def _refuse_chain(cursor: Cursor, left: Tree, op: str, middle: Tree) -> None:
    second = cursor.take()
    right = _difference(cursor)
    first, shared, last = (excerpt(cursor.source, node.start, node.end) for node in (left, middle, right))
    written = f"{first} {op} {shared} and {shared} {second.text} {last}"
    raise cursor.wrong(CHAINED, second.start, written=written)


def _membership(cursor: Cursor, left: Tree) -> Tree:
    cursor.take()
    start = cursor.here.start
    if cursor.stands("["):
        if cursor.stands("]", ahead=1):
            cursor.take()
            raise cursor.missing()
        items = cursor.within(lambda: cursor.separated(lambda: _difference(cursor)))
        right: Tree = Listed(start, cursor.end, items)
    else:
        low = _difference(cursor)
        if not cursor.takes(".."):
            raise cursor.wrong(NOT_LISTED, start, found=excerpt(cursor.source, start, cursor.end))
        right = Range(start, cursor.end, low, _difference(cursor))
    return cursor.made(Compared(left.start, cursor.end, left, "in", cursor.made(right)))


def _difference(cursor: Cursor) -> Tree:
    left = _product(cursor)
    while cursor.takes("-"):
        right = _product(cursor)
        left = cursor.made(Less(left.start, cursor.end, left, right))
    if cursor.stands("+", "/", "%"):
        raise cursor.wrong(ARITHMETIC, found=cursor.here.text)
    return left


def _product(cursor: Cursor) -> Tree:
    left = _single(cursor)
    while cursor.takes("*"):
        right = _single(cursor)
        left = cursor.made(Times(left.start, cursor.end, left, right))
    return left


def _single(cursor: Cursor) -> Tree:
    start = cursor.here.start
    sign = -1 if cursor.takes("-") else 1
    here = cursor.here
    if here.kind == "number":
        return cursor.made(Number(start, cursor.take().end, sign * here.number))
    if here.kind == "length" and sign == 1:
        return cursor.made(Length(start, cursor.take().end, here.number, here.text))
    if here.kind == "quoted" and sign == 1:
        return cursor.made(Quoted(start, cursor.take().end, here.text))
    if cursor.stands("(") and sign == 1:
        return cursor.within(lambda: _condition(cursor))
    is_name = here.kind == "name" and here.text not in _JOINING and (here.text != "in" or cursor.stands("(", ahead=1))
    if is_name and sign == 1:
        return _named(cursor)
    raise cursor.missing()


def _named(cursor: Cursor) -> Tree:
    start = cursor.here.start
    parts = [cursor.take().text]
    while cursor.takes("."):
        if cursor.here.kind != "name":
            raise cursor.missing()
        parts.append(cursor.take().text)
    name = cursor.made(Name(start, cursor.end, tuple(parts)))
    if parts[0] in _ASKING and cursor.here.kind == "name" and cursor.here.text not in {*_JOINING, "in"}:
        raise cursor.wrong(UNBRACKETED, written=f"{parts[0]}({cursor.here.text})")
    if not cursor.stands("("):
        return name
    arguments = cursor.within(lambda: cursor.separated(lambda: _difference(cursor)))
    return cursor.made(Call(start, cursor.end, name, arguments))
