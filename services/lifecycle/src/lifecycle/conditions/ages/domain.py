"""Ages 經過天數: conditions on how long ago something happened, or was entered."""

from typing import get_args

from lifecycle.calendars.domain import Span
from lifecycle.conditions.counting.domain import measure
from lifecycle.conditions.expressions.domain import (
    Aged,
    Bound,
    Clamp,
    Condition,
    Gap,
    Never,
    Order,
    Pace,
    Since,
    Stayed,
)
from lifecycle.conditions.names.domain import Question, listed, names_of
from lifecycle.conditions.quantities.domain import duration, span
from lifecycle.conditions.refusals.domain import may_stand
from lifecycle.conditions.syntax.domain import Call, Compared, Less, Name, Range, Times
from lifecycle.text.faults.domain import Text

NO_EQUAL_AGE = Text(
    "no_equal_age",
    en="an age is compared by >, >=, < or <=, by which time alone tells the next change; so write {written}",
    zh="經過天數用 >、>=、<、<= 比較，這樣才能由時間算出下一次變化；請寫成 {written}",
)
NO_AGE_IN = Text(
    "no_age_in",
    en="an age is compared with one length of time, by >, >=, < or <=; found '{found}'",
    zh="經過天數要用 >、>=、<、<= 和一個時間長度比較；現在是「{found}」",
)
AGES_COMPARED = Text(
    "ages_compared",
    en="two ages are compared by their difference, in a rule: {written}",
    zh="兩個經過天數要用相減來比較，而且只能在規則裡：{written}",
)
NOT_BOUND = Text(
    "not_bound",
    en="an age is compared with a length of time or a pace: 30d, 2 * orders.pace, clamp(2 * orders.pace, 14d, 30d); "
    "found '{found}'",
    zh="經過天數要和時間長度或間隔比較：30d、2 * orders.pace、clamp(2 * orders.pace, 14d, 30d)；現在是「{found}」",
)
NOT_CLAMPED = Text(
    "not_clamped",
    en="clamp holds a pace between two lengths of time: clamp(2 * orders.pace, 14d, 30d); found '{found}'",
    zh="clamp 把間隔限制在兩個時間長度之間：clamp(2 * orders.pace, 14d, 30d)；現在是「{found}」",
)
CLAMP_TURNED = Text(
    "clamp_turned",
    en="the lower length comes first, and {low} is longer than {high}: clamp(…, {high}, {low})",
    zh="較短的時間要在前面，{low} 比 {high} 長：clamp(…, {high}, {low})",
)
NOT_DIFFERENCE = Text(
    "not_difference",
    en="only one age is subtracted from another: since(joined) - since(orders) > 30d; found '{found}'",
    zh="只有兩個經過天數可以相減：since(joined) - since(orders) > 30d；現在是「{found}」",
)
NO_METRIC_GIVEN = Text(
    "no_metric_given",
    en="a metric stands in these brackets; there are: {known}",
    zh="這個括號裡要放指標；現有：{known}",
)
ONE_ENTERED = Text(
    "one_entered",
    en="since takes metrics, or one stage, health or segment; '{found}' mixes them",
    zh="since 裡放指標，或只放一個階段、健康度或分群；「{found}」混在一起了",
)

_ORDERS: dict[str, Order] = {op: op for op in get_args(Order)}
_LONGEST_MONTH, _SHORTEST_MONTH = 31, 28


def aged(question: Question, node: Compared) -> Condition | None:
    """`since(…)`, or one less another, compared."""
    match node.left:
        case Less(left=Call(name=Name(parts=("since",))) as one, right=Call(name=Name(parts=("since",))) as other):
            return _gap(question, node, one, other)
        case Call(arguments=(Name(parts=(value,)),)) if _is_entered(question, value):
            return _stayed(question, node, value)
        case Call() as call if may_stand(question, call, "facts"):
            left, op = since(question, call), _order(question, node)
            right = None if node.op == "in" else bound(question, node)
            return Aged(left, op, right) if left and op and right else None
        case Less():
            question.blame(node.left, NOT_DIFFERENCE, found=question.written(node.left))
    return None


def never(question: Question, node: Call) -> Never | None:
    metrics = _metrics(question, node)
    return Never(metrics) if metrics else None


def since(question: Question, node: Call) -> Since | None:
    metrics = _metrics(question, node)
    return Since(metrics) if metrics else None


def bound(question: Question, node: Compared) -> Bound | None:
    """What an age may be compared with."""
    match node.right:
        case Call(name=Name(parts=("clamp",))) as clamp:
            return _clamped(question, clamp)
        case Call(name=Name(parts=("since",))) as other:
            first, second = map(question.written, (node.left, other) if node.op in {">", "<="} else (other, node.left))
            written = f"{first} - {second} {'>= 1d' if node.op in {'>', '<'} else '< 1d'}"
            question.blame(other, AGES_COMPARED, written=written)
        case Times() | Name(parts=(_, _)) | Call(name=Name(parts=(_, _))) as right:
            found = measure(question, right)
            if isinstance(found, Pace):
                return found
            if found:
                question.blame(right, NOT_BOUND, found=question.written(right))
        case right:
            return span(question, right)
    return None


def _gap(question: Question, node: Compared, one: Call, other: Call) -> Gap | None:
    if not may_stand(question, node.left, "gap"):
        return None
    left, right = since(question, one), since(question, other)
    if node.op == "in":
        question.blame(node, NO_AGE_IN, found=question.written(node.right))
        return None
    days = span(question, node.right)
    return Gap(left, right, node.op, days) if left and right and days else None


def _stayed(question: Question, node: Compared, value: str) -> Stayed | None:
    if not may_stand(question, node.left, "stayed"):
        return None
    op = _order(question, node)
    right = None if node.op == "in" else duration(question, node.right)
    return Stayed(value, op, right) if op and right else None


def _order(question: Question, node: Compared) -> Order | None:
    left, right = question.written(node.left), question.written(node.right)
    match node:
        case Compared(op=op) if op in _ORDERS:
            return _ORDERS[op]
        case Compared(op="in", right=Range(low=low, high=high)):
            written = f"{left} >= {question.written(low)} and {left} <= {question.written(high)}"
            question.blame(node, NO_EQUAL_AGE, written=written)
        case Compared(op="=="):
            question.blame(node, NO_EQUAL_AGE, written=f"{left} >= {right} and {left} <= {right}")
        case Compared(op="!="):
            question.blame(node, NO_EQUAL_AGE, written=f"({left} < {right} or {left} > {right})")
        case _:
            question.blame(node, NO_AGE_IN, found=right)
    return None


def _metrics(question: Question, node: Call) -> tuple[str, ...] | None:
    if not node.arguments:
        question.blame(node, NO_METRIC_GIVEN, known=listed(question.scope.metrics))
        return None
    entered = [each for each in node.arguments if isinstance(each, Name) and _is_entered(question, each.parts[0])]
    if node.name.parts == ("since",) and entered and len(node.arguments) > 1:
        question.blame(entered[0], ONE_ENTERED, found=question.written(node))
        return None
    return names_of(question, node.arguments, "metric")


def _clamped(question: Question, node: Call) -> Clamp | None:
    if len(node.arguments) != 3:  # noqa: PLR2004 - a value between two others
        question.blame(node, NOT_CLAMPED, found=question.written(node))
        return None
    value, low, high = node.arguments
    pace, least, most = measure(question, value), span(question, low), span(question, high)
    if pace and not isinstance(pace, Pace):
        question.blame(node, NOT_CLAMPED, found=question.written(node))
    if least and most and _is_longer(least, most):
        question.blame(low, CLAMP_TURNED, low=str(least), high=str(most))
    elif isinstance(pace, Pace) and least and most:
        return Clamp(pace, least, most)
    return None


def _is_longer(one: Span, other: Span) -> bool:
    """On whatever day."""
    if one.unit == other.unit:
        return one.n > other.n
    return _days(one, month=_SHORTEST_MONTH) > _days(other, month=_LONGEST_MONTH)


def _days(span: Span, *, month: int) -> int:
    return span.n * {"d": 1, "w": 7, "mo": month}[span.unit]


def _is_entered(question: Question, name: str) -> bool:
    scope = question.scope
    return name not in scope.metrics and name in {*scope.stages, *scope.health, *scope.segments}
