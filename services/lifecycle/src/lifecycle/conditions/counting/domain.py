"""Counting 計算: conditions on what is counted of a metric: its count, sum, days, distinct values, streak and pace."""

from difflib import get_close_matches

from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import (
    Among,
    Between,
    Compare,
    Condition,
    Count,
    Days,
    Distinct,
    Measure,
    Pace,
    Streak,
    Sum,
)
from lifecycle.conditions.names.domain import Question, is_called, is_event
from lifecycle.conditions.quantities.domain import span, whole
from lifecycle.conditions.syntax.domain import Call, Compared, Length, Listed, Name, Number, Range, Times, Tree
from lifecycle.text.faults.domain import Text

MOST_TIMES = 100
WINDOWED: dict[str, type[Count | Sum | Days]] = {"count": Count, "sum": Sum, "days": Days}
WHOLE: dict[str, type[Distinct | Streak | Pace]] = {"distinct": Distinct, "streak": Streak, "pace": Pace}
FUNCTIONS = ("never", "since", "clamp", "in", "consent")

UNKNOWN_ASK = Text(
    "unknown_ask",
    en="'{ask}' cannot be asked of a metric; these can: {known}",
    zh="指標沒有「{ask}」可問；可以問：{known}",
)
UNKNOWN_ASK_BUT_CLOSE = Text(
    "unknown_ask_but_close",
    en="'{ask}' cannot be asked of a metric; did you mean '{close}'? These can: {known}",
    zh="指標沒有「{ask}」可問；是不是「{close}」？可以問：{known}",
)
UNKNOWN_FUNCTION = Text(
    "unknown_function",
    en="nothing is asked as '{name}(…)'; with brackets there are: {known}",
    zh="沒有「{name}(…)」這種寫法；帶括號的有：{known}",
)
TURNED = Text("ask_turned", en="the metric comes first: write {written}", zh="指標要寫在前面：{written}")
SUMS_NOTHING = Text(
    "sums_nothing",
    en="the metric '{name}' sums nothing; give it a field to sum where it is declared, or ask {name}.count",
    zh="指標「{name}」沒有加總任何欄位；請在宣告處加上 sum，或改問 {name}.count",
)
NOTHING_DISTINCT = Text(
    "nothing_distinct",
    en="the metric '{name}' keeps no distinct values; give it a field, distinct, where it is declared, or ask {name}.count",
    zh="指標「{name}」沒有記錄相異值；請在宣告處加上 distinct，或改問 {name}.count",
)
ONE_WINDOW = Text(
    "one_window",
    en="one window stands in these brackets, such as 30d, or all; found '{found}'",
    zh="這個括號裡只放一個期間，例如 30d，或 all；現在是「{found}」",
)
NO_WINDOW = Text(
    "no_window",
    en="{name} is asked over all time and takes no window; found '{found}'",
    zh="{name} 以全部時間計算，不能加期間；現在是「{found}」",
)
NOT_MEASURE = Text(
    "not_measure",
    en="what is counted of a metric is expected here, such as orders.count(30d); found '{found}'",
    zh="這裡要放指標的計算，例如 orders.count(30d)；現在是「{found}」",
)
ONLY_PACE = Text(
    "only_pace",
    en="only a pace is multiplied, once, by 1 to {most}: 2 * orders.pace; found '{found}'",
    zh="只有間隔可以乘一次，乘以 1 到 {most}：2 * orders.pace；現在是「{found}」",
)
RANGE_TURNED = Text(
    "range_turned", en="a range starts with its lower end: {low}..{high}", zh="範圍要從小到大：{low}..{high}"
)


def counted(question: Question, node: Compared) -> Condition | None:
    left = measure(question, node.left)
    match node.right:
        case Listed(items=items) if node.op == "in":
            values = [whole(question, item) for item in items]
            numbers = tuple(value for value in values if value is not None)
            return Among(left, numbers) if left and len(numbers) == len(items) else None
        case Range(low=first, high=last) if node.op == "in":
            ends = bounds(question, node.right, whole(question, first), whole(question, last))
            return Between(left, *ends) if left and ends else None
    right = whole(question, node.right)
    return Compare(left, node.op, right) if left and right is not None and node.op != "in" else None


def bounds(question: Question, node: Tree, low: int | None, high: int | None) -> tuple[int, int] | None:
    """Both ends of a range, the lower one first."""
    if low is None or high is None:
        return None
    if low <= high:
        return low, high
    question.blame(node, RANGE_TURNED, low=high, high=low)
    return None


def measure(question: Question, node: Tree) -> Measure | None:
    match node:
        case Times():
            return _multiplied(question, node)
        case Name(parts=(_, _)):
            return _asked(question, node, node, ())
        case Call(name=Name(parts=(_, _)) as name, arguments=arguments):
            return _asked(question, node, name, arguments)
        case Call(name=Name(parts=(name,))):
            _blame_call(question, node, name)
        case _:
            question.blame(node, NOT_MEASURE, found=question.written(node))
    return None


def _multiplied(question: Question, node: Times) -> Pace | None:
    match node:
        case Times(left=Number(value=times), right=other) | Times(left=other, right=Number(value=times)):
            if isinstance(other, Number):
                found: Measure | None = None
            elif not (found := measure(question, other)):
                return None
            if isinstance(found, Pace) and found.times == 1 and 1 <= times <= MOST_TIMES:
                return Pace(found.metric, times)
    question.blame(node, ONLY_PACE, most=MOST_TIMES, found=question.written(node))
    return None


def _asked(question: Question, node: Tree, name: Name, arguments: tuple[Tree, ...]) -> Measure | None:
    if is_event(question, name):
        return None
    metric, ask = name.parts
    is_metric = is_called(question, node, metric, "metric")
    if kind := WINDOWED.get(ask):
        is_read, window = _window(question, arguments)
        return kind(metric, window) if is_metric and is_read and _has(question, node, metric, ask) else None
    if whole_kind := WHOLE.get(ask):
        if arguments:
            question.blame(arguments[0], NO_WINDOW, name=ask, found=question.written(arguments[0]))
            return None
        return whole_kind(metric) if is_metric and _has(question, node, metric, ask) else None
    known = (*WINDOWED, *WHOLE)
    if close := get_close_matches(ask, known, n=1):
        question.blame(node, UNKNOWN_ASK_BUT_CLOSE, ask=ask, close=close[0], known=", ".join(known))
    else:
        question.blame(node, UNKNOWN_ASK, ask=ask, known=", ".join(known))
    return None


def _window(question: Question, arguments: tuple[Tree, ...]) -> tuple[bool, Span | None]:
    """Whether it can be read, and the window, None being all time."""
    match arguments:
        case () | (Name(parts=("all",)),):
            return True, None
        case (Length() | Number() as only,):
            window = span(question, only)
            return window is not None, window
        case (first, *_):
            question.blame(first, ONE_WINDOW, found=", ".join(map(question.written, arguments)))
    return False, None


def _has(question: Question, node: Tree, metric: str, ask: str) -> bool:
    """Whether the metric, which is known, keeps what is asked."""
    kept = question.scope.metrics[metric]
    if ask == "sum" and not kept.sums:
        question.blame(node, SUMS_NOTHING, name=metric)
        return False
    if ask == "distinct" and not kept.distinct:
        question.blame(node, NOTHING_DISTINCT, name=metric)
        return False
    return True


def _blame_call(question: Question, node: Call, name: str) -> None:
    match node.arguments:
        case (Name(parts=(metric,)), *rest) if name in WINDOWED or name in WHOLE:
            window = f"({', '.join(map(question.written, rest))})" if rest else ""
            question.blame(node, TURNED, written=f"{metric}.{name}{window}")
        case _ if name in FUNCTIONS:
            question.blame(node, NOT_MEASURE, found=question.written(node))
        case _:
            question.blame(node, UNKNOWN_FUNCTION, name=name, known=", ".join(FUNCTIONS))
