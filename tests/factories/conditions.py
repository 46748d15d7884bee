"""Conditions of every kind, and what a shop's policy declares for them to name."""

from datetime import timedelta
from typing import TypeVar, get_args

from hypothesis import strategies as st

from lifecycle.calendars.domain import Span
from lifecycle.conditions.checking.domain import Read, read_condition
from lifecycle.conditions.expressions.domain import (
    Aged,
    Always,
    Among,
    And,
    Attribute,
    Between,
    Clamp,
    Compare,
    Comparison,
    Condition,
    Count,
    Days,
    Distinct,
    Gap,
    Hour,
    In,
    Measure,
    Never,
    Not,
    OnBirthday,
    OnHoliday,
    OnWeekday,
    Or,
    Order,
    Pace,
    Plain,
    Said,
    Since,
    Stands,
    Stayed,
    Streak,
    Sum,
    Weekday,
)
from lifecycle.conditions.grammar.domain import MOST_CHARACTERS
from lifecycle.conditions.scopes.domain import AskedIn, Counted, Kind, Scope

METRICS = {
    "joined": Counted(events=("member.registered",)),
    "chat": Counted(sums=True, events=("chat.message_counted",)),
    "orders": Counted(sums=True, distinct=True, events=("order.confirmed",)),
    "checkins": Counted(events=("checkin.recorded",)),
}
ATTRIBUTES: dict[str, Kind] = {
    "tier": "text",
    "city": "text",
    "level": "number",
    "vip": "yes_no",
    "consent_promo": "yes_no",
    "birthday": "day",
}
FIELDS: dict[str, Kind] = {"channel": "text", "payable_minor": "number", "gift": "yes_no", "business_day": "day"}
STAGES = ("acquire", "activate", "retain", "convert", "repurchase")
HEALTH = ("lost", "dormant", "at_risk", "active")
SEGMENTS = ("loyal", "chatty")

T = TypeVar("T")


def scope(asked_in: AskedIn = "rules") -> Scope:
    return Scope(
        asked_in=asked_in,
        metrics=METRICS,
        attributes=ATTRIBUTES,
        stages=STAGES,
        health=HEALTH,
        segments=SEGMENTS,
        fields=FIELDS,
        holidays=True,
    )


def read(text: str, asked_in: AskedIn = "rules") -> Read:
    return read_condition(text, scope(asked_in))


def accepted(text: str, asked_in: AskedIn = "rules") -> Condition:
    found = read(text, asked_in)
    assert found.condition is not None, [str(fault) for fault in found.faults]
    return found.condition


def refusals(text: str, asked_in: AskedIn = "rules") -> list[str]:
    """What is told in English, each with its line and column."""
    found = read(text, asked_in)
    assert (found.condition is None) == bool(found.faults)
    return [str(fault) for fault in found.faults]


def conditions(asked_in: AskedIn = "rules") -> st.SearchStrategy[Condition]:
    """Trees that are well-typed there, as reading gives them: what is joined by the same word is joined once."""
    return st.recursive(_LEAVES[asked_in], _joined, max_leaves=6).filter(lambda tree: len(str(tree)) <= MOST_CHARACTERS)


def _joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def several(joined: type[And | Or]) -> st.SearchStrategy[Condition]:
        other = inner.filter(lambda child: not isinstance(child, joined))
        return st.lists(other, min_size=2, max_size=3).map(lambda children: joined(tuple(children)))

    return several(And) | several(Or) | st.builds(Not, inner)


def _tuples(values: st.SearchStrategy[T], most: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(values, min_size=1, max_size=most).map(tuple)


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["上海", '"', "'", "\\", "\n", "a\r\n", "😀", "＂「」“", "\u200b", "and"]
)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 99)
SPANS = st.builds(Span, st.integers(1, 3650), st.sampled_from(["d", "w", "mo"]))
ELAPSED = st.builds(timedelta, hours=st.integers(1, 87_600)) | st.builds(timedelta, minutes=st.integers(1, 5_256_000))
COMPARISONS: st.SearchStrategy[Comparison] = st.sampled_from(get_args(Comparison))
ORDERS: st.SearchStrategy[Order] = st.sampled_from(get_args(Order))
VALUES: dict[Kind, st.SearchStrategy[Plain]] = {
    "text": TEXTS,
    "number": NUMBERS,
    "yes_no": st.booleans(),
    "day": st.dates().map(str),
}

_metrics = st.sampled_from(sorted(METRICS))
_windows = st.none() | SPANS
_paces = st.builds(Pace, _metrics, st.integers(1, 100))
MEASURES: st.SearchStrategy[Measure] = st.one_of(
    st.builds(Count, _metrics, _windows),
    st.builds(Sum, st.sampled_from(["chat", "orders"]), _windows),
    st.builds(Days, _metrics, _windows),
    st.builds(Distinct, st.just("orders")),
    st.builds(Streak, _metrics),
    _paces,
)
_ages = st.builds(Since, _tuples(_metrics))
_ends = st.tuples(NUMBERS, NUMBERS).map(sorted)
_clamps = st.builds(
    Clamp,
    _paces,
    st.builds(Span, st.integers(1, 99)),
    st.builds(Span, st.integers(99, 999), st.sampled_from(["d", "w"])),
)

_FACTS: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, MEASURES, COMPARISONS, NUMBERS),
    st.builds(Among, MEASURES, _tuples(NUMBERS)),
    st.builds(lambda left, ends: Between(left, *ends), MEASURES, _ends),
    st.builds(Aged, _ages, ORDERS, SPANS | _paces | _clamps),
    st.builds(Never, _tuples(_metrics)),
    st.builds(Always),
    *(st.builds(Attribute, st.just(name), _tuples(VALUES[kind])) for name, kind in ATTRIBUTES.items()),
)
_STAGES = st.builds(Stands, st.just("stage"), _tuples(st.sampled_from(STAGES)))
_HEALTH = st.builds(Stands, st.just("health"), _tuples(st.sampled_from(HEALTH)))
_SEGMENTS = st.builds(In, st.sampled_from(SEGMENTS))
_SAID: st.SearchStrategy[Condition] = st.one_of(
    *(st.builds(Said, st.just(name), st.just("=="), _tuples(VALUES[kind])) for name, kind in FIELDS.items()),
    *(st.builds(Said, st.just(name), st.just("!="), _tuples(VALUES[kind], 1)) for name, kind in FIELDS.items()),
    *(
        st.builds(Said, st.just(name), ORDERS, _tuples(VALUES[kind], 1))
        for name, kind in FIELDS.items()
        if kind in {"number", "day"}
    ),
)
_RULES_ONLY: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Hour, st.integers(0, 23), st.integers(0, 23)),
    st.builds(OnWeekday, _tuples(st.sampled_from(get_args(Weekday)))),
    st.builds(OnHoliday),
    st.builds(OnBirthday),
    st.builds(Stayed, st.sampled_from((*STAGES, *HEALTH, *SEGMENTS)), ORDERS, ELAPSED | SPANS),
    st.builds(Gap, _ages, _ages, COMPARISONS, SPANS),
    _SAID,
)
_LEAVES: dict[AskedIn, st.SearchStrategy[Condition]] = {
    "stages": _FACTS,
    "health": _FACTS | _STAGES,
    "segments": _FACTS | _STAGES | _HEALTH | _SEGMENTS,
    "rules": _FACTS | _STAGES | _HEALTH | _SEGMENTS | _RULES_ONLY,
    "where": _SAID,
}
