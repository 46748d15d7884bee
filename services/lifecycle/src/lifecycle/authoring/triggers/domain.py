"""Triggers 觸發 as they may be written: `when: {enters: convert, settle: 1h}`, as data."""

from collections.abc import Mapping as Named
from datetime import timedelta
from typing import Any

from lifecycle.facts.events.domain import EVENTS
from lifecycle.policy.dates.domain import WEEKDAYS, DaysAfter, Scheduled, Yearly
from lifecycle.policy.rulebook.domain import Enrolment, Enters, Held, Leaves, On, Trigger
from lifecycle.text.documents.domain import Mapping, Node, Scalar
from lifecycle.text.durations.domain import as_duration, as_elapsed, as_time_of_day
from lifecycle.text.faults.domain import Text
from lifecycle.text.notations.domain import as_code, as_whole, parse_range, parse_whole
from lifecycle.text.readers.domain import Reader, Spot, as_one_of, as_scalar, as_word, by_kind, such_that
from lifecycle.text.shapes.domain import as_list, as_mapping, as_shape, as_some, optional, required

NOT_EDGE = Text(
    "not_edge",
    en="{found!r} is no day to count from; write joined.first or orders.last, or the name of an attribute",
    zh="「{found}」不是可以起算的日子；請寫 joined.first 或 orders.last，或屬性的名稱",
)
NOT_DAYS = Text(
    "not_days",
    en="{found!r} is no number of days; write 7, or 1..7 for each of them, at most 31 of them and at most 3650",
    zh="「{found}」不是天數；請寫 7，或用 1..7 表示其中每一天，最多 31 天，最大 3650",
)
LONG_SPREAD = Text("long_spread", en="{found!r} is too long; at most 24h", zh="「{found}」太長；最多 24h")

_MOST_DAYS, _LAST = 31, 3650


def _edge(text: str) -> tuple[str, str] | None:
    metric, _, edge = text.rpartition(".")
    return (metric, edge) if metric and edge in {"first", "last"} else None


def _number_of_days(text: str) -> tuple[int, int] | None:
    one = parse_whole(text)
    low, high = (one, one) if one is not None else parse_range(text) or (1, 0)
    return (low, high) if 0 <= low <= high <= _LAST and high - low < _MOST_DAYS else None


def _days_after(date: tuple[str, Any], days: tuple[int, int], **more: Any) -> DaysAfter:
    return DaysAfter(metric=date[0], edge=date[1], low=days[0], high=days[1], **more)


def _scheduled(schedule: Named[str, Any], **more: Any) -> Scheduled:
    return Scheduled(**schedule, **more)


NAME, EVENT, WAIT = as_code(), as_one_of(EVENTS), as_duration()
CLOCK = as_one_of(("member", "business"))
SPREAD = such_that(as_elapsed(), lambda spread: spread <= timedelta(days=1), LONG_SPREAD)
_ON_A_DAY = {
    "at": required(as_time_of_day()),
    "tz": optional(CLOCK, to="clock"),
    "spread": optional(SPREAD),
}
_DAYS_AFTER = as_mapping(
    _days_after,
    {
        "date": required(as_scalar(_edge, NOT_EDGE)),
        "days": required(as_scalar(_number_of_days, NOT_DAYS)),
        **_ON_A_DAY,
    },
)
_YEARLY = as_mapping(
    Yearly,
    {
        "date": required(NAME, to="attribute"),
        "feb29": optional(as_one_of(("feb28", "mar1")), to="leap"),
        **_ON_A_DAY,
    },
)
_MONTH_DAY: Reader[Any] = as_word({"last": "last"}, as_whole(1, 31))
_DAYS: dict[str, Any] = {"daily": {"weekdays": WEEKDAYS}, **{day: {"weekdays": (day,)} for day in WEEKDAYS}}


def _weekdays(node: Node, spot: Spot) -> dict[str, Any] | None:
    days = as_list(as_one_of(WEEKDAYS), least=1, most=7)(node, spot)
    return None if days is None else {"weekdays": days}


def _dated(node: Node, spot: Spot) -> DaysAfter | Yearly | None:
    """Counted from a day of a metric, or on a day that an attribute tells."""
    pairs = node.pairs if isinstance(node, Mapping) else ()
    named = next((value for key, value in pairs if key.text == "date"), None)
    counted = isinstance(named, Scalar) and "." in named.text
    return (_DAYS_AFTER if counted else _YEARLY)(node, spot)


TRIGGER: Reader[Trigger] = as_word(
    {"enrolment": Enrolment()},
    as_shape(
        {
            "enters": as_mapping(
                Enters,
                {
                    "enters": required(NAME, to="value"),
                    "settle": optional(WAIT),
                    "from": optional(as_some(NAME), to="coming_from"),
                },
            ),
            "leaves": as_mapping(Leaves, {"leaves": required(NAME, to="value"), "settle": optional(WAIT)}),
            "held": as_mapping(Held, {"held": required(NAME, to="value"), "for": required(WAIT, to="duration")}),
            "event": as_mapping(On, {"event": required(EVENT)}),
            "date": _dated,
            "schedule": as_mapping(
                _scheduled,
                {
                    "schedule": required(
                        by_kind(
                            text=as_word(_DAYS),
                            listed=_weekdays,
                            mapping=as_mapping(dict, {"monthly": required(_MONTH_DAY, to="month_day")}),
                        )
                    ),
                    **_ON_A_DAY,
                },
            ),
        }
    ),
)
