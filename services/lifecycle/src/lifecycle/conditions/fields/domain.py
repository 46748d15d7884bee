"""Fields 欄位: conditions on what was told: a member's attributes 屬性, and the fields of an event."""

from contextlib import suppress
from datetime import date

import msgspec

from lifecycle.conditions.expressions.domain import Attribute, Condition, Not, Plain, Said
from lifecycle.conditions.names.domain import Question, blame_alone, is_called, listed
from lifecycle.conditions.quantities.domain import whole
from lifecycle.conditions.refusals.domain import may_stand
from lifecycle.conditions.scopes.domain import Kind
from lifecycle.conditions.syntax.domain import Call, Compared, Listed, Name, Quoted, Range, Tree
from lifecycle.text.faults.domain import Text

YES_NO = {"yes": True, "true": True, "no": False, "false": False}

NOT_TEXT = Text(
    "text_expected",
    en="'{name}' is a text and compared with texts in quotes; found '{found}'",
    zh="「{name}」是文字，要和加引號的文字比較；現在是「{found}」",
)
UNQUOTED = Text("unquoted", en='texts stand in quotes: "{found}"', zh='文字要加引號："{found}"')
NOT_YES_NO = Text(
    "not_yes_no", en="'{name}' is yes or no; found '{found}'", zh="「{name}」只能是 yes 或 no；現在是「{found}」"
)
NOT_DAY = Text(
    "not_day",
    en="'{name}' is a day, written \"2026-03-02\"; found '{found}'",
    zh='「{name}」是日期，寫成 "2026-03-02"；現在是「{found}」',
)
ONLY_EQUAL = Text(
    "only_equal",
    en="'{name}' is compared by =, != or in with a list, not by {found}",
    zh="「{name}」只能用 =、!= 或 in 加清單比較，不能用 {found}",
)
FIELD_RANGE = Text(
    "field_range",
    en="a range of a field is written as two comparisons: {written}",
    zh="欄位的範圍要寫成兩個比較：{written}",
)
NO_FIELD_GIVEN = Text(
    "no_field_given",
    en="a field of the event is asked as event.name; there are: {known}",
    zh="事件的欄位要寫成 event.名稱；現有：{known}",
)
NO_FIELDS = Text(
    "no_fields",
    en="'{found}': no event with fields is at hand here; only a rule that an event triggers can ask its fields",
    zh="「{found}」：這裡沒有帶欄位的事件；只有由事件觸發的規則才能問事件欄位",
)
NO_CONSENT_GIVEN = Text(
    "no_consent_given",
    en="one purpose stands in these brackets: consent(promo) asks the attribute consent_promo",
    zh="這個括號裡放一個用途：consent(promo) 問的是屬性 consent_promo",
)
ALONE_IS_NO_ANSWER = Text(
    "alone_is_no_answer",
    en="'{name}' alone says nothing, only what is yes or no does; compare it: {name} = …",
    zh="單獨寫「{name}」沒有意義，只有是否型的可以；請加上比較：{name} = …",
)


class _Subject(msgspec.Struct, frozen=True):
    name: str
    kind: Kind
    is_field: bool


def told(question: Question, node: Compared) -> Condition | None:
    """An attribute or a field, compared."""
    subject = _subject(question, node.left)
    if not subject:
        return None
    has_order = subject.is_field and subject.kind in {"number", "day"}
    match node.right:
        case Listed(items=items) if node.op == "in":
            values = [_value(question, item, subject) for item in items]
            known = tuple(value for value in values if value is not None)
            return _equal(subject, known) if len(known) == len(items) else None
        case Range(low=low, high=high) if node.op == "in" and has_order:
            left = question.written(node.left)
            written = f"{left} >= {question.written(low)} and {left} <= {question.written(high)}"
            question.blame(node, FIELD_RANGE, written=written)
            return None
    value = _value(question, node.right, subject)
    if value is None:
        return None
    if node.op == "==":
        return _equal(subject, (value,))
    if node.op == "!=" and not subject.is_field:
        return Not(_equal(subject, (value,)))
    if node.op == "in" or (node.op != "!=" and not has_order):
        question.blame(node, ONLY_EQUAL, name=question.written(node.left), found=node.op)
        return None
    return Said(subject.name, node.op, (value,))


def said_yes(question: Question, node: Tree) -> Condition | None:
    """An attribute or a field that is yes or no, by its name alone."""
    subject = _subject(question, node)
    if not subject:
        return None
    if subject.kind != "yes_no":
        question.blame(node, ALONE_IS_NO_ANSWER, name=question.written(node))
        return None
    return _equal(subject, (True,))


def _subject(question: Question, node: Tree) -> _Subject | None:
    scope = question.scope
    match node:
        case Call(arguments=(Name(parts=(consent,)),)):
            name = f"consent_{consent}"
            known = may_stand(question, node, "facts") and is_called(question, node, name, "attribute")
            return _Subject(name, scope.attributes[name], is_field=False) if known else None
        case Call():
            question.blame(node, NO_CONSENT_GIVEN)
        case Name(parts=("event", *rest)):
            return _field(question, node, ".".join(rest))
        case Name(parts=(name,)) if scope.asked_in == "where":
            return _field(question, node, name)
        case Name(parts=(name,)) if name in scope.attributes:
            is_allowed = may_stand(question, node, "facts")
            return _Subject(name, scope.attributes[name], is_field=False) if is_allowed else None
        case Name(parts=(name,)):
            blame_alone(question, node, name)
    return None


def _field(question: Question, node: Tree, name: str) -> _Subject | None:
    fields = question.scope.fields
    if not may_stand(question, node, "event"):
        return None
    if not fields:
        question.blame(node, NO_FIELDS, found=question.written(node))
    elif not name:
        question.blame(node, NO_FIELD_GIVEN, known=listed(fields))
    elif is_called(question, node, name, "field"):
        return _Subject(name, fields[name], is_field=True)
    return None


def _equal(subject: _Subject, values: tuple[Plain, ...]) -> Condition:
    return Said(subject.name, "==", values) if subject.is_field else Attribute(subject.name, values)


def _value(question: Question, node: Tree, subject: _Subject) -> Plain | None:
    found = question.written(node)
    match subject.kind, node:
        case "number", _:
            return whole(question, node)
        case "text", Quoted(text=text):
            return text
        case "text", Name(parts=(_,)):
            question.blame(node, UNQUOTED, found=found)
        case "text", _:
            question.blame(node, NOT_TEXT, name=subject.name, found=found)
        case "yes_no", Name(parts=(word,)) if word in YES_NO:
            return YES_NO[word]
        case "yes_no", _:
            question.blame(node, NOT_YES_NO, name=subject.name, found=found)
        case "day", Quoted(text=text) if _is_day(text):
            return text
        case "day", _:
            question.blame(node, NOT_DAY, name=subject.name, found=found)
    return None


def _is_day(text: str) -> bool:
    with suppress(ValueError):
        return date.fromisoformat(text).isoformat() == text
    return False
