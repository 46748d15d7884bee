"""Random facts, and conditions of every kind that ask for them, over a few metrics and attributes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from factories.policies import SMALL_POLICY
from lifecycle.calendars.domain import EPOCH, Calendar, Span
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
    Never,
    Not,
    OnBirthday,
    OnHoliday,
    OnWeekday,
    Or,
    Order,
    Pace,
    Said,
    Since,
    Stands,
    Stayed,
    Streak,
    Sum,
    Weekday,
)
from lifecycle.engine.readings.domain import Situation
from lifecycle.facts.attributes.domain import told
from lifecycle.facts.distincts.domain import MOST, SATURATED, digest, merged
from lifecycle.facts.domain import ATTRIBUTES, Facts
from lifecycle.facts.tallies.domain import gathered
from lifecycle.members.domain import Episode
from lifecycle.policy.domain import Policy, Value
from lifecycle.policy.sources.domain import AttributeSource, Metric

TODAY = date(2026, 3, 30).toordinal() - EPOCH
ZONES = ["Asia/Shanghai", "America/New_York", "Africa/Cairo"]  # Cairo skips a midnight in April

POLICY = Policy(
    name="any",
    tz="Asia/Shanghai",
    metrics=(
        Metric(name="joined", number=1, events=("member.registered", "community.joined")),
        Metric(name="engaged", number=2, events=("chat.message_counted", "checkin.recorded", "coupon.claimed")),
        Metric(name="chat", number=3, events=("chat.message_counted",), sums="messages"),
        Metric(name="orders", number=5, events=("order.confirmed",), distinct="campaign_id"),
    ),
    attributes=(
        AttributeSource(name="source", number=1, event="member.registered", field="channel"),
        AttributeSource(name="level", number=2, event="checkin.recorded", field="streak"),
        AttributeSource(name="refunded", number=3, event="order.refunded", field="full"),
        AttributeSource(name="tz", number=4, event="coupon.claimed", field="template"),
        AttributeSource(name="birthday", number=5, event="message.sent", field="template"),
    ),
    stages=SMALL_POLICY.stages[:1],
    health=SMALL_POLICY.health[-1:],
)
NUMBERS = {metric.name: metric.number for metric in POLICY.metrics} | {
    source.name: ATTRIBUTES + source.number for source in POLICY.attributes
}
EVENT = {"amount_minor": 1000, "channel": "self"}
"""Of an order without a campaign."""


def situation(facts: Facts, day: int, **more: Any) -> Situation:
    """At the start of a business day."""
    calendar = more.pop("calendar", Calendar(ZoneInfo("Asia/Shanghai")))
    return Situation(**{"facts": facts, "numbers": NUMBERS, "calendar": calendar, "at": calendar.start_of(day), **more})


@cache
def some_facts() -> st.SearchStrategy[Facts]:
    """Days around the ends of February and March, with retractions that came before what they undo."""
    cell = st.tuples(st.integers(TODAY - 130, TODAY), st.integers(-1, 3), st.integers(-50, 500))
    tally = st.lists(cell, max_size=8).map(gathered)
    values: dict[str, st.SearchStrategy[Any]] = {
        "source": st.sampled_from(["wechat", "store", ""]),
        "level": st.integers(-3, 40),
        "refunded": st.booleans(),
        "tz": st.sampled_from([*ZONES, "Asia", "nowhere"]),
        "birthday": st.sampled_from(["02-28", "02-29", "03-01", "03-30", "13-45"]),
    }
    every: dict[int, st.SearchStrategy[Any]] = {metric.number: tally for metric in POLICY.metrics}
    every[-NUMBERS["orders"]] = st.none() | st.integers(1, MOST + 1).map(_distinct)
    every |= {
        NUMBERS[name]: st.none()
        | value.map(lambda value: told(value, at=datetime(2026, 1, 1, tzinfo=UTC), event_id=UUID(int=1)))
        for name, value in values.items()
    }
    facts = st.fixed_dictionaries(dict(sorted(every.items())))
    return facts.map(lambda facts: {place: fact for place, fact in facts.items() if fact is not None})


def _distinct(values: int) -> bytes:
    digests = b""
    for value in range(values):
        digests = merged(digests, digest(value)) if digests else digest(value)
    return SATURATED if values > MOST else digests


_metric = st.sampled_from([metric.name for metric in POLICY.metrics])
_metrics = st.lists(_metric, min_size=1, max_size=2, unique=True).map(tuple)
_span = (
    st.builds(Span, st.integers(1, 4), st.just("mo"))
    | st.builds(Span, st.integers(1, 60), st.just("d"))
    | st.builds(Span, st.integers(1, 8), st.just("w"))
)
_comparison = st.sampled_from(get_args(Comparison))
_order = st.sampled_from(get_args(Order))
_since = st.builds(Since, _metrics)


def _measures() -> st.SearchStrategy[Any]:
    window = st.none() | _span
    return st.one_of(
        st.builds(Count, _metric, window),
        st.builds(Sum, st.just("chat"), window),
        st.builds(Days, _metric, window),
        st.just(Distinct("orders")),
        st.builds(Streak, _metric),
        st.builds(Pace, _metric, st.integers(1, 4)),
    )


def _some(values: Sequence[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple)


@cache
def atoms() -> st.SearchStrategy[Condition]:
    """What any standing may ask of facts."""
    number = st.integers(-2, 12) | st.integers(MOST - 1, MOST + 1)
    pace = st.builds(Pace, _metric, st.integers(1, 4))
    bound = _span | pace | st.builds(Clamp, pace, _span, _span)
    return st.one_of(
        st.builds(Compare, _measures(), _comparison, number),
        st.builds(Among, _measures(), st.lists(number, min_size=1, max_size=3).map(tuple)),
        st.builds(Between, _measures(), number, number),
        st.builds(Aged, _since, _order, bound),
        st.builds(Never, _metrics),
        st.just(Always()),
        st.builds(Attribute, st.just("source"), _some(["wechat", "store"])),
        st.builds(Attribute, st.just("level"), _some([1, 2, 30])),
        st.builds(Attribute, st.just("refunded"), _some([True, False])),
    )


@cache
def asking(
    *, stages: tuple[str, ...] = (), health: tuple[str, ...] = (), segments: tuple[str, ...] = ()
) -> st.SearchStrategy[Condition]:
    """What asks where the member stands, too."""
    parts: list[st.SearchStrategy[Condition]] = [atoms()]
    parts += [
        st.builds(Stands, st.just(name), _some(values))
        for name, values in (("stage", stages), ("health", health))
        if values
    ]
    parts += [st.builds(In, st.sampled_from(segments))] if segments else []
    return composed(st.one_of(parts))


@cache
def rules_atoms() -> st.SearchStrategy[Condition]:
    hour = st.integers(0, 23)
    return st.one_of(
        st.builds(Hour, hour, hour),
        st.builds(OnWeekday, _some(get_args(Weekday))),
        st.just(OnHoliday()),
        st.just(OnBirthday()),
        st.builds(
            Stayed,
            st.sampled_from(["first", "e"]),
            _order,
            _span | st.integers(1, 5_000).map(lambda n: timedelta(minutes=n)),
        ),
        st.builds(Gap, _since, _since, _comparison, _span),
        st.builds(Said, st.just("amount_minor"), _comparison, st.sampled_from([999, 1000, 1001]).map(lambda n: (n,))),
        st.builds(Said, st.just("channel"), st.just("=="), _some(["self", "assisted"])),
        st.builds(Said, st.just("campaign_id"), st.sampled_from(["==", "!="]), st.just(("none",))),
        st.builds(Stands, st.just("stage"), _some(["first", "a"])),
        st.builds(In, st.sampled_from(["e", "f"])),
    )


def composed(parts: st.SearchStrategy[Condition], *, leaves: int = 5) -> st.SearchStrategy[Condition]:
    return st.recursive(
        parts,
        lambda parts: (
            st.builds(And, st.tuples(parts, parts)) | st.builds(Or, st.tuples(parts, parts)) | st.builds(Not, parts)
        ),
        max_leaves=leaves,
    )


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Any that a rule may be asked in."""
    calendar = Calendar(ZoneInfo(draw(st.sampled_from(ZONES))))
    at = calendar.start_of(TODAY + draw(st.integers(-40, 90))) + timedelta(minutes=draw(st.integers(0, 1_439)))
    entered_at = at - timedelta(minutes=draw(st.integers(0, 6_000)))
    return situation(
        draw(some_facts()),
        0,
        calendar=calendar,
        at=at,
        standing=draw(st.sampled_from([{"stage": "first"}, {"stage": "a", "e": "e"}])),
        episodes=draw(st.sampled_from([{}, {"e": Episode(1, entered_at, "event")}])),
        event=draw(st.sampled_from([{}, EVENT])),
        holidays=frozenset(draw(st.lists(st.integers(TODAY - 40, TODAY + 90)))),
        leap_birthday=draw(st.sampled_from(["feb28", "mar1"])),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Health asks the stage, segments ask both and one another, and are declared before what they ask."""
    stages = [draw(asking()) for _ in range(2)]
    health = [draw(asking(stages=("first", "a", "b"))) for _ in range(2)]
    both = {"stages": ("first", "a", "b"), "health": ("c", "d", "last")}
    segments = [draw(asking(**both, segments=("e", "f")[:asked])) for asked in range(3)]
    values = [Value(name, condition) for name, condition in zip("abcdefg", [*stages, *health, *segments], strict=True)]
    return Policy(
        name="any",
        tz=draw(st.sampled_from(ZONES)),
        metrics=POLICY.metrics,
        attributes=POLICY.attributes,
        stages=(Value("first", Always()), *values[:2]),
        health=(*values[2:4], Value("last", Always())),
        segments=tuple(reversed(values[4:])),
    )
