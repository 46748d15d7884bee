"""Lengths of time 時長 and times of day, as an operator writes them: `7d`, `2w`, `1mo`, `36h`, `90m`; `21:30`."""

import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import TypeVar

from lifecycle.calendars.domain import Duration, Span, Unit
from lifecycle.text.faults.domain import Text
from lifecycle.text.notations.domain import plain
from lifecycle.text.readers.domain import Reader, as_scalar

T = TypeVar("T")

NOT_SPAN = Text(
    "not_span",
    en="{found!r} is no number of days, weeks or months; write 7d, 2w or 1mo, at most 3650",
    zh="「{found}」不是天數、週數或月數；請寫 7d、2w 或 1mo，最多 3650",
)
NOT_ELAPSED = Text(
    "not_elapsed",
    en="{found!r} is no number of hours or minutes; write 36h or 90m, at most 3650 days",
    zh="「{found}」不是小時數或分鐘數；請寫 36h 或 90m，最多 3650 天",
)
NOT_DURATION = Text(
    "not_duration",
    en="{found!r} is no length of time; write 7d, 2w, 1mo, 36h or 90m, at most 3650 days",
    zh="「{found}」不是時間長度；請寫 7d、2w、1mo、36h 或 90m，最多 3650 天",
)
NOT_TIME = Text("not_time", en="{found!r} is no time of day; write 21:30", zh="「{found}」不是時刻；請寫 21:30")

MOST = 3650

_LENGTH = re.compile(r"([1-9][0-9]{0,6})(d|w|mo|h|m)")
_LOOSE_LENGTH = re.compile(r"([0-9]{1,9})\s*(\S{1,9})")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_LOOSE_TIME = re.compile(r"([01]?[0-9]|2[0-3]):?([0-5][0-9])(?::00)?")
_MINUTES = re.compile(r"[0-9]{3,4}")
_SPANS: dict[str, Unit] = {"d": "d", "w": "w", "mo": "mo"}
_ELAPSED = {"h": timedelta(hours=1), "m": timedelta(minutes=1)}
_UNIT_WORDS = {
    word: unit
    for unit, words in {
        "d": "d D 日 天 day days",
        "w": "w W 週 周 week weeks",
        "mo": "mo 月 個月 个月 month months",
        "h": "h H 小時 小时 hr hrs hour hours",
        "m": "m 分 分鐘 分钟 min mins minute minutes",
    }.items()
    for word in words.split()
}


def as_span() -> Reader[Span]:
    return _as_length(parse_span, NOT_SPAN)


def as_elapsed() -> Reader[timedelta]:
    return _as_length(parse_elapsed, NOT_ELAPSED)


def as_duration() -> Reader[Duration]:
    return _as_length(parse_duration, NOT_DURATION)


def as_time_of_day() -> Reader[time]:
    return as_scalar(parse_time_of_day, NOT_TIME, tidy=_tidy_time)


def parse_span(text: str) -> Span | None:
    length = parse_duration(text)
    return length if isinstance(length, Span) else None


def parse_elapsed(text: str) -> timedelta | None:
    length = parse_duration(text)
    return length if isinstance(length, timedelta) else None


def parse_duration(text: str) -> Duration | None:
    found = _LENGTH.fullmatch(text)
    if not found:
        return None
    n = int(found[1])
    if elapsed := _ELAPSED.get(found[2]):
        return n * elapsed if n * elapsed <= timedelta(days=MOST) else None
    return Span(n, _SPANS[found[2]]) if n <= MOST else None


def parse_time_of_day(text: str) -> time | None:
    found = _TIME.fullmatch(text)
    return time(int(found[1]), int(found[2])) if found else None


def _as_length(parse: Callable[[str], T | None], otherwise: Text) -> Reader[T]:
    return as_scalar(parse, otherwise, tidy=_tidy_length)


def _tidy_length(text: str) -> str:
    found = _LOOSE_LENGTH.fullmatch(plain(text))
    if not found:
        return text
    number, unit = found[1].lstrip("0"), found[2]
    return number + _UNIT_WORDS.get(unit if len(unit) == 1 else unit.lower(), unit)


def _tidy_time(text: str) -> str:
    """Also from a bare number: of hours and minutes, or, as YAML 1.1 makes 1290 of 21:30, of minutes."""
    written = plain(text)
    if found := _LOOSE_TIME.fullmatch(written):
        return f"{found[1]:0>2}:{found[2]}"
    if _MINUTES.fullmatch(written):
        hours, minutes = divmod(int(written), 60)
        return f"{hours:02}:{minutes:02}"
    return written
