"""Checking 檢查: from the text of a condition to its typed tree, or to everything that is wrong with it."""

from typing import Literal

import msgspec

from lifecycle.conditions.ages.domain import aged, never
from lifecycle.conditions.almanacs.domain import on_birthday, on_holiday, on_hour, on_weekday
from lifecycle.conditions.counting.domain import counted, measure
from lifecycle.conditions.expressions.domain import Always, And, Condition, In, Not, Or, Stands
from lifecycle.conditions.fields.domain import ONLY_EQUAL, YES_NO, said_yes, told
from lifecycle.conditions.grammar.domain import parse
from lifecycle.conditions.names.domain import Question, listed, name_of, names_of
from lifecycle.conditions.refusals.domain import may_stand
from lifecycle.conditions.scopes.domain import Scope
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
    Times,
    Tree,
    turned,
)
from lifecycle.text.faults.domain import Fault, Place, Text

COMPARE_IT = Text(
    "compare_it",
    en="'{found}' alone is no condition; compare it, such as {example}",
    zh="單獨寫「{found}」不成條件；請加上比較，例如 {example}",
)
NO_CONDITION = Text("no_condition", en="'{found}' is no condition", zh="「{found}」不是條件")
ALWAYS = Text(
    "truth_is_always",
    en="what holds for everybody is written always, what holds for nobody not always",
    zh="對所有人都成立寫 always，對任何人都不成立寫 not always",
)
BOTH_FIXED = Text(
    "both_fixed",
    en="'{found}' compares two fixed values; one side asks something of the member",
    zh="「{found}」比較的是兩個固定值；其中一邊要問會員的資料",
)
CONDITION_COMPARED = Text(
    "condition_compared",
    en="'{found}' holds or does not, and is not compared; write it alone, or with not before it",
    zh="「{found}」本身就成立或不成立，不用比較；直接寫，或在前面加 not",
)
ONE_SEGMENT = Text(
    "one_segment",
    en="one segment stands in these brackets; several are asked as in(a) or in(b); there are: {known}",
    zh="這個括號裡放一個分群；多個要寫成 in(a) or in(b)；現有：{known}",
)

_EXAMPLES = {"stage": "stage = a", "health": "health = a", "hour": "hour in 9..21", "weekday": "weekday in [sat, sun]"}


class Read(msgspec.Struct, frozen=True):
    condition: Condition | None
    """None when there is any fault."""
    faults: tuple[Fault, ...] = ()
    """In the order of their places, which are within the text."""


def read_condition(text: str, scope: Scope) -> Read:
    """What `str` of a tree prints is read as that tree again."""
    parsed = parse(text)
    question = Question(text, scope, list(parsed.faults))
    condition = _condition(question, parsed.tree) if parsed.tree else None
    faults = sorted(question.faults, key=lambda fault: fault.place or Place(1, 1))
    return Read(None if faults else condition, tuple(faults))


def _condition(question: Question, node: Tree) -> Condition | None:
    match node:
        case Joined(word=word, children=children):
            return _joined(question, And if word == "and" else Or, children)
        case Negated(child=child):
            condition = _condition(question, child)
            return Not(condition) if condition else None
        case Compared():
            return _compared(question, turned(node))
        case Call(name=Name(parts=("never",))):
            return never(question, node) if may_stand(question, node, "facts") else None
        case Call(name=Name(parts=("in",))):
            return _in_segment(question, node)
        case Call(name=Name(parts=("consent",))) | Name(parts=("event", *_)):
            return said_yes(question, node)
        case Name(parts=(word,)):
            return _bare(question, node, word)
        case _:
            _blame_value(question, node)
            return None


def _joined(question: Question, kind: type[And | Or], nodes: tuple[Tree, ...]) -> Condition | None:
    """Flat: what is joined by the same word within is joined as well."""
    found = [_condition(question, node) for node in nodes]
    conditions: list[Condition] = []
    for each in found:
        match each:
            case And(inner) | Or(inner) if isinstance(each, kind):
                conditions += inner
            case None:
                return None
            case _:
                conditions.append(each)
    return kind(tuple(conditions))


def _bare(question: Question, node: Name, word: str) -> Condition | None:
    if question.scope.asked_in == "where":
        return said_yes(question, node)
    match word:
        case "always":
            return Always() if may_stand(question, node, "facts") else None
        case "holiday":
            return on_holiday(question, node)
        case "birthday":
            return on_birthday(question, node)
        case _ if word in _EXAMPLES:
            question.blame(node, COMPARE_IT, found=word, example=_EXAMPLES[word])
        case _ if word in YES_NO:
            question.blame(node, ALWAYS)
        case _:
            return said_yes(question, node)
    return None


def _compared(question: Question, node: Compared) -> Condition | None:
    match node.left:
        case Name(parts=(name,)) if question.scope.asked_in != "where":
            return _named(question, node, name)
        case Name(parts=(_,) | ("event", *_)) | Call(name=Name(parts=("consent",))):
            return told(question, node)
        case Call(name=Name(parts=("since",))) | Less():
            return aged(question, node)
        case Number() | Length() | Quoted():
            question.blame(node, BOTH_FIXED, found=question.written(node))
        case Joined() | Negated() | Compared() | Call(name=Name(parts=("never" | "in",))):
            question.blame(node, CONDITION_COMPARED, found=question.written(node.left))
        case _:
            return counted(question, node) if may_stand(question, node.left, "facts") else None
    return None


def _named(question: Question, node: Compared, name: str) -> Condition | None:
    match name:
        case "stage" | "health":
            return _stands(question, node, name)
        case "hour":
            return on_hour(question, node)
        case "weekday":
            return on_weekday(question, node)
        case _ if name in question.scope.attributes:
            return told(question, node)
        case "always" | "holiday" | "birthday":
            question.blame(node, CONDITION_COMPARED, found=name)
        case _ if name in YES_NO:
            question.blame(node, BOTH_FIXED, found=question.written(node))
        case _:
            return told(question, node)
    return None


def _stands(question: Question, node: Compared, dimension: Literal["stage", "health"]) -> Condition | None:
    if not may_stand(question, node.left, dimension):
        return None
    match node.right:
        case Listed(items=items) if node.op == "in":
            names = names_of(question, items, dimension)
            return Stands(dimension, names) if names else None
        case one if node.op in {"==", "!="}:
            name = name_of(question, one, dimension)
            stands = Stands(dimension, (name,)) if name else None
            return Not(stands) if stands and node.op == "!=" else stands
    question.blame(node, ONLY_EQUAL, name=dimension, found=node.op)
    return None


def _in_segment(question: Question, node: Call) -> Condition | None:
    if not may_stand(question, node, "segment"):
        return None
    if len(node.arguments) != 1:
        question.blame(node, ONE_SEGMENT, known=listed(question.scope.segments))
        return None
    name = name_of(question, node.arguments[0], "segment")
    return In(name) if name else None


def _blame_value(question: Question, node: Tree) -> None:
    found = question.written(node)
    match node:
        case Call(name=Name(parts=("since",))) | Less():
            question.blame(node, COMPARE_IT, found=found, example=f"{found} > 7d")
        case Name() | Call() | Times():
            if measure(question, node):
                question.blame(node, COMPARE_IT, found=found, example=f"{found} >= 1")
        case _:
            question.blame(node, NO_CONDITION, found=found)
