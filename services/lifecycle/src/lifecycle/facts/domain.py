"""Facts 事實: per metric of the policy, what a member did. A commutative monoid: the order of events does not matter.

Keyed by the metrics' permanent numbers, kept in their order, so that equal facts are equal bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from common.contracts.event import Event
from lifecycle.calendars.domain import Calendar
from lifecycle.tallies.domain import Tally, added, merged

Facts = dict[int, Tally]
"""Never changed in place."""

VERSION = b"\x01"
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Facts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """What an event of one type adds to one metric."""

    metric: int
    sign: int
    """-1 for a retraction."""
    moment: Callable[[Event], datetime] | None
    """The field that says when it happened; None for the event's own time."""
    amount: Callable[[Event], int] | None


class FactsError(ValueError):
    """Bytes that are no facts of this version."""


def folded(
    facts: Facts, event: Event, *, folds: Sequence[Fold], time: datetime, appended_at: datetime, calendar: Calendar
) -> Facts:
    """The facts with one event more, on the day of its own time; that time is never later than it was appended."""
    after = facts
    for fold in folds:
        moment = time if fold.moment is None else fold.moment(event)
        day = calendar.day_of(max(min(moment, appended_at), _EARLIEST))
        amount = 0 if fold.amount is None else fold.sign * fold.amount(event)
        after = _put(after, fold.metric, added(after.get(fold.metric), day, fold.sign, amount))
    return after


def united(one: Facts, other: Facts) -> Facts:
    """The facts of both: fold(a) with fold(b) is fold(a and b)."""
    whole = one
    for metric, tally in other.items():
        mine = whole.get(metric)
        whole = _put(whole, metric, tally if mine is None else merged(mine, tally))
    return whole


def encode(facts: Mapping[int, Tally]) -> bytes:
    return VERSION + _encoder.encode(facts)


def decode(encoded: bytes) -> Facts:
    if encoded[:1] != VERSION:
        raise FactsError(f"facts: version {encoded[:1].hex() or 'missing'}, expected {VERSION.hex()}")
    try:
        return _decoder.decode(memoryview(encoded)[1:])
    except msgspec.DecodeError as error:
        raise FactsError(f"facts: {error}") from error


def _put(facts: Facts, metric: int, tally: Tally | None) -> Facts:
    if tally is None:
        return {number: kept for number, kept in facts.items() if number != metric}
    if metric in facts:
        return {**facts, metric: tally}
    return dict(sorted({**facts, metric: tally}.items()))
