"""Facts 事實: what a member did, and what was told of them, as far as a policy asks. A commutative monoid: the order of events
does not matter.

Kept by place, in the order of places, so that equal facts are equal bytes. A metric's tally has the metric's permanent number
for its place, its distinct values the same number below zero, an attribute its own number above every metric's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from common.contracts.event import Event
from lifecycle.calendars.domain import Calendar
from lifecycle.conditions.expressions.domain import Plain
from lifecycle.facts.attributes.domain import told, value_of
from lifecycle.facts.distincts.domain import digest
from lifecycle.facts.distincts.domain import merged as merged_distinct
from lifecycle.facts.tallies.domain import Tally, added
from lifecycle.facts.tallies.domain import merged as merged_tally

Fact = Tally | bytes
Facts = dict[int, Fact]
"""Never changed in place."""

ATTRIBUTES = 9_999
"""An attribute's place is its number above this."""

VERSION = b"\x01"
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Facts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """What an event of one type adds to one metric."""

    place: int
    sign: int
    """-1 for a retraction."""
    calendar: Calendar
    """Whose days it counts by."""
    moment: Callable[[Event], datetime] | None
    """The field that says when it happened; None for the event's own time."""
    amount: Callable[[Event], int] | None
    where: Callable[[Event], bool] | None = None
    """Only such events; None for all."""
    distinct: Callable[[Event], Plain | None] | None = None
    """The field whose values are told apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """What an event of one type tells of one attribute; nothing when its field is absent."""

    place: int
    value: Callable[[Event], Plain | None]
    where: Callable[[Event], bool] | None = None
    """Only such events; None for all."""


class FactsError(ValueError):
    """Bytes that are no facts of this version."""


def folded(
    facts: Facts,
    event: Event,
    *,
    folds: Sequence[Fold | Telling],
    event_id: UUID,
    time: datetime,
    appended_at: datetime,
) -> Facts:
    """The facts with one event more, on the day of its own time; that time is never later than it was appended."""
    after = facts
    for fold in folds:
        if fold.where is not None and not fold.where(event):
            continue
        if isinstance(fold, Telling):
            value = fold.value(event)
            if value is not None:
                news = told(value, at=_clamped(time, appended_at), event_id=event_id)
                after = _with(after, fold.place, news)
        else:
            moment = time if fold.moment is None else fold.moment(event)
            after = _counted(after, fold, event, fold.calendar.day_of(_clamped(moment, appended_at)))
    return after


def _counted(facts: Facts, fold: Fold, event: Event, day: int) -> Facts:
    amount = 0 if fold.amount is None else fold.sign * fold.amount(event)
    after = _put(facts, fold.place, added(tally_of(facts, fold.place), day, fold.sign, amount))
    value = None if fold.distinct is None else fold.distinct(event)
    return after if value is None else _with(after, -fold.place, digest(value))


def united(one: Facts, other: Facts) -> Facts:
    """The facts of both: fold(a) with fold(b) is fold(a and b)."""
    whole = one
    for place, fact in other.items():
        whole = _with(whole, place, fact)
    return whole


def tally_of(facts: Facts, metric: int) -> Tally | None:
    tally = facts.get(metric)
    return tally if isinstance(tally, Tally) else None


def distinct_of(facts: Facts, metric: int) -> bytes | None:
    values = facts.get(-metric)
    return values if isinstance(values, bytes) else None


def attribute_of(facts: Facts, place: int) -> Plain | None:
    news = facts.get(place)
    return value_of(news) if isinstance(news, bytes) else None


def encode(facts: Mapping[int, Fact]) -> bytes:
    return VERSION + _encoder.encode(facts)


def decode(encoded: bytes) -> Facts:
    if encoded[:1] != VERSION:
        raise FactsError(f"facts: version {encoded[:1].hex() or 'missing'}, expected {VERSION.hex()}")
    try:
        return _decoder.decode(memoryview(encoded)[1:])
    except msgspec.DecodeError as error:
        raise FactsError(f"facts: {error}") from error


def _clamped(moment: datetime, appended_at: datetime) -> datetime:
    return max(min(moment, appended_at), _EARLIEST)


def _with(facts: Facts, place: int, fact: Fact) -> Facts:
    """With one fact more, merged into what is there."""
    mine = facts.get(place)
    return _put(facts, place, fact if mine is None else _merged(place, mine, fact))


def _merged(place: int, one: Fact, other: Fact) -> Fact | None:
    match one, other:
        case Tally(), Tally():
            return merged_tally(one, other)
        case bytes(), bytes():
            return merged_distinct(one, other) if place < 0 else max(one, other)
    raise FactsError(f"facts: two kinds at place {place}")


def _put(facts: Facts, place: int, fact: Fact | None) -> Facts:
    if fact is None:
        return {number: kept for number, kept in facts.items() if number != place}
    if place in facts:
        return {**facts, place: fact}
    return dict(sorted({**facts, place: fact}.items()))
