"""Syntax 語法: a condition as it is written, before it is known what its names mean. Places count characters from 0."""

from typing import Literal

import msgspec

from lifecycle.conditions.expressions.domain import Comparison

Operator = Comparison | Literal["in"]


class Syntax(msgspec.Struct, frozen=True):
    start: int
    end: int


class Number(Syntax, frozen=True):
    value: int


class Length(Syntax, frozen=True):
    """A length of time: `30d`, `36h`."""

    number: int
    unit: str


class Quoted(Syntax, frozen=True):
    text: str


class Name(Syntax, frozen=True):
    """`stage`, `orders.pace`, `event.channel`."""

    parts: tuple[str, ...]


class Call(Syntax, frozen=True):
    name: Name
    arguments: tuple["Tree", ...]


class Times(Syntax, frozen=True):
    left: "Tree"
    right: "Tree"


class Less(Syntax, frozen=True):
    left: "Tree"
    right: "Tree"


class Listed(Syntax, frozen=True):
    items: tuple["Tree", ...]


class Range(Syntax, frozen=True):
    low: "Tree"
    high: "Tree"


class Compared(Syntax, frozen=True):
    left: "Tree"
    op: Operator
    right: "Tree"


class Negated(Syntax, frozen=True):
    child: "Tree"


class Joined(Syntax, frozen=True):
    word: Literal["and", "or"]
    children: tuple["Tree", ...]


Tree = Number | Length | Quoted | Name | Call | Times | Less | Listed | Range | Compared | Negated | Joined

_MIRRORED: dict[Operator, Operator] = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def turned(node: Compared) -> Compared:
    """What is asked to the left of what it is compared with: `7d < since(chat)` is `since(chat) > 7d`."""
    if node.op != "in" and _weight(node.left) < _weight(node.right):
        return Compared(node.start, node.end, node.right, _MIRRORED.get(node.op, node.op), node.left)
    return node


def _weight(node: Tree) -> int:
    """How surely this side is what is asked."""
    match node:
        case Number() | Length() | Quoted():
            return 0
        case Call(name=Name(parts=("since",))) | Less() | Name(parts=("stage" | "health" | "hour" | "weekday",)):
            return 2
        case _:
            return 1
