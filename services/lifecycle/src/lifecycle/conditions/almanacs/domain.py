"""The almanac 曆: conditions on what day and hour it is: hour, weekday, holiday, birthday. For rules alone."""

from typing import get_args

from lifecycle.conditions.expressions.domain import Condition, Hour, Not, OnBirthday, OnHoliday, OnWeekday, Or, Weekday
from lifecycle.conditions.fields.domain import ONLY_EQUAL
from lifecycle.conditions.names.domain import Question, name_of
from lifecycle.conditions.quantities.domain import whole
from lifecycle.conditions.refusals.domain import may_stand
from lifecycle.conditions.syntax.domain import Compared, Listed, Range, Tree
from lifecycle.text.faults.domain import Text

LAST_HOUR = 23

HOUR_RANGE = Text("hour_range", en="an hour is 0 to 23; found '{found}'", zh="小時是 0 到 23；現在是「{found}」")
NO_SUCH_HOUR = Text("no_such_hour", en="no hour of the day is {op} {hour}", zh="一天裡沒有 {op} {hour} 的小時")
NO_HOLIDAYS = Text(
    "no_holidays",
    en="the policy lists no holidays; list them under calendar",
    zh="策略沒有列出假日；請在 calendar 底下列出",
)
NO_BIRTHDAYS = Text(
    "no_birthdays",
    en="the policy knows no birthdays; declare an attribute birthday",
    zh="策略不知道會員的生日；請宣告屬性 birthday",
)


def on_hour(question: Question, node: Compared) -> Condition | None:
    if not may_stand(question, node.left, "clock"):
        return None
    match node.right:
        case Listed(items=items) if node.op == "in":
            hours = [_hour(question, item) for item in items]
            each = tuple(Hour(hour, hour) for hour in hours if hour is not None)
            return (each[0] if len(each) == 1 else Or(each)) if len(each) == len(items) else None
        case Range(low=low, high=high) if node.op == "in":
            first, last = _hour(question, low), _hour(question, high)
            return None if first is None or last is None else Hour(first, last)
    hour = _hour(question, node.right)
    if hour is None:
        return None
    low_high = {">": (hour + 1, LAST_HOUR), ">=": (hour, LAST_HOUR), "<": (0, hour - 1), "<=": (0, hour)}
    first, last = low_high.get(node.op, (hour, hour))
    if first > last:
        question.blame(node, NO_SUCH_HOUR, op=node.op, hour=hour)
        return None
    return Not(Hour(first, last)) if node.op == "!=" else Hour(first, last)


def on_weekday(question: Question, node: Compared) -> Condition | None:
    """A range of days may run over Sunday."""
    if not may_stand(question, node.left, "clock"):
        return None
    match node.right:
        case Listed(items=items):
            written: tuple[Tree, ...] = items
        case Range(low=low, high=high):
            written = (low, high)
        case one:
            written = (one,)
    days = tuple(day for day in (_weekday(question, each) for each in written) if day)
    if node.op not in {"==", "!=", "in"}:
        question.blame(node, ONLY_EQUAL, name="weekday", found=node.op)
    elif len(days) == len(written):
        found = OnWeekday(_from_to(*days) if isinstance(node.right, Range) else days)
        return Not(found) if node.op == "!=" else found
    return None


def on_holiday(question: Question, node: Tree) -> Condition | None:
    if may_stand(question, node, "calendar"):
        if question.scope.holidays:
            return OnHoliday()
        question.blame(node, NO_HOLIDAYS)
    return None


def on_birthday(question: Question, node: Tree) -> Condition | None:
    if may_stand(question, node, "calendar"):
        if "birthday" in question.scope.attributes:
            return OnBirthday()
        question.blame(node, NO_BIRTHDAYS)
    return None


def _hour(question: Question, node: Tree) -> int | None:
    hour = whole(question, node)
    if hour is None or 0 <= hour <= LAST_HOUR:
        return hour
    question.blame(node, HOUR_RANGE, found=question.written(node))
    return None


def _weekday(question: Question, node: Tree) -> Weekday | None:
    name = name_of(question, node, "weekday")
    return next((day for day in get_args(Weekday) if day == name), None)


def _from_to(first: Weekday, last: Weekday) -> tuple[Weekday, ...]:
    days: tuple[Weekday, ...] = get_args(Weekday)
    start, end = days.index(first), days.index(last)
    return days[start : end + 1] if start <= end else (*days[start:], *days[: end + 1])
