"""Quantities 數量: the whole numbers and the lengths of time that a condition compares with."""

from datetime import timedelta
from typing import get_args

from lifecycle.calendars.domain import Duration, Span, Unit
from lifecycle.conditions.names.domain import Question
from lifecycle.conditions.syntax.domain import Length, Number, Tree
from lifecycle.text.faults.domain import Text

MOST_DAYS = 3650
LARGEST = 2**63 - 1

NOT_WHOLE = Text(
    "whole_expected", en="a whole number is expected here; found '{found}'", zh="這裡要放整數；現在是「{found}」"
)
HAS_UNIT = Text(
    "number_has_unit",
    en="a number without a unit is expected here: write {written} instead of '{found}'",
    zh="這裡的數字不帶單位：「{found}」請寫成 {written}",
)
NUMBER_TOO_LARGE = Text("number_too_large", en="'{found}' is too large a number", zh="「{found}」這個數字太大")
NOT_LENGTH = Text(
    "not_length",
    en="a length of time is expected here, such as 30d, 4w or 1mo; found '{found}'",
    zh="這裡要放時間長度，例如 30d、4w、1mo；現在是「{found}」",
)
UNIT_MISSING = Text(
    "unit_missing",
    en="a length of time needs its unit: write {written} for days (w for weeks, mo for months)",
    zh="時間長度要有單位：日數寫 {written}（週用 w，月用 mo）",
)
ELAPSED = Text(
    "elapsed_hours",
    en="'{found}': here whole business days are counted, write {written}; hours and minutes only count from entering a stage, "
    "a health or a segment, in a rule: since(convert) > 36h",
    zh="「{found}」：這裡以完整營業日計算，請寫 {written}；小時和分鐘只能在規則裡，從進入階段、健康度或分群算起：since(convert) > 36h",
)
LENGTH_RANGE = Text(
    "length_range", en="'{found}' is out of range: {low} to {high}", zh="「{found}」超出範圍：{low} 到 {high}"
)

_UNITS: dict[str, Unit] = {unit: unit for unit in get_args(Unit)}
_ELAPSED = {"h": timedelta(hours=1), "m": timedelta(minutes=1)}


def whole(question: Question, node: Tree) -> int | None:
    found = question.written(node)
    match node:
        case Number(value=value) if -LARGEST - 1 <= value <= LARGEST:
            return value
        case Number():
            question.blame(node, NUMBER_TOO_LARGE, found=found)
        case Length(number=number):
            question.blame(node, HAS_UNIT, found=found, written=number)
        case _:
            question.blame(node, NOT_WHOLE, found=found)
    return None


def span(question: Question, node: Tree) -> Span | None:
    """Business-calendar days, weeks or months."""
    found = question.written(node)
    match node:
        case Length(number=number, unit=unit) if unit in _UNITS:
            return Span(number, _UNITS[unit]) if _is_within(question, node, MOST_DAYS) else None
        case Length(number=number, unit=unit):
            days = max(1, -(-number * _ELAPSED[unit] // timedelta(days=1)))
            question.blame(node, ELAPSED, found=found, written=f"{min(days, MOST_DAYS)}d")
        case Number(value=value):
            question.blame(node, UNIT_MISSING, written=f"{min(max(value, 1), MOST_DAYS)}d")
        case _:
            question.blame(node, NOT_LENGTH, found=found)
    return None


def duration(question: Question, node: Tree) -> Duration | None:
    """A span, or elapsed hours or minutes."""
    match node:
        case Length(number=number, unit=unit) if unit in _ELAPSED:
            most = timedelta(days=MOST_DAYS) // _ELAPSED[unit]
            return number * _ELAPSED[unit] if _is_within(question, node, most) else None
        case _:
            return span(question, node)


def _is_within(question: Question, node: Length, most: int) -> bool:
    if 1 <= node.number <= most:
        return True
    low, high = f"1{node.unit}", f"{most}{node.unit}"
    question.blame(node, LENGTH_RANGE, found=question.written(node), low=low, high=high)
    return False
