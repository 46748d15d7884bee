"""A history 歷史 from elsewhere, made into a journal: a line an event, as an envelope or as `time, event, member` and its fields.

Every lane gets its events as a batch would have read them: at most a heartbeat late, and a heartbeat wherever nothing happened.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID, uuid5

import msgspec

from common.bus.lanes import LANES, lane_of
from common.contracts.envelope import EnvelopeError, decode, encode
from common.contracts.event import Event
from lifecycle.calendars.domain import Calendar
from lifecycle.facts.events.domain import EVENTS
from lifecycle.journal.domain import Entry, Input, heads, packed_events
from lifecycle.replays.couriers.domain import Courier, RoundMerger
from lifecycle.stepping.clocks.domain import HEARTBEAT
from lifecycle.stepping.domain import Arrival

PRODUCER_OF = {name: event.producer() for name, event in EVENTS.items()}
MEMBERS = UUID("5a0e6f2c-3f3c-5a57-9d0e-0b1f6d7b8c21")
"""Under which members are named whose ids are no UUIDs."""

_MEMBERS = frozenset({"root_id"})
"""Fields that name a member, as a line names its own."""
_WRITTEN = ("time", "event", "member")


class LineInvalid(ValueError):
    """A line that is no event; the message says which and why."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a history, and whose it is."""

    member_id: UUID
    input: Input
    arrival: Arrival


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, and by which it is found."""

    entry: Entry
    subjects: bytes


def line_of(number: int, fields: Mapping[str, Any], calendar: Calendar) -> Line:
    """`number`: of the line, counted from 1. A time without a zone is the business's. Raises LineInvalid."""
    try:
        event, event_id, at, own_time = (
            _enveloped(fields) if "specversion" in fields else _simple(number, fields, calendar)
        )
    except (EnvelopeError, msgspec.ValidationError, ValueError, TypeError) as error:
        raise LineInvalid(f"line {number}: {error}") from error
    kind, producer = event.type_name(), event.producer()
    if event.NAME not in EVENTS:
        raise LineInvalid(f"line {number}: {event.NAME} does not happen to a member")
    envelope = encode(event, event_id=event_id, service=producer, type_name=kind, time=own_time)
    arrival = Arrival(event_id=event_id, time=own_time, appended_at=at, event=event)
    return _line(number, arrival, producer=producer, envelope=envelope)


def _line(number: int, arrival: Arrival, *, producer: str, envelope: bytes) -> Line:
    at = arrival.appended_at
    return Line(
        member_id=UUID(arrival.event.subject),
        input=Input(producer=producer, generation=0, position=number, appended_at=at, envelope=envelope),
        arrival=arrival,
    )


def _enveloped(fields: Mapping[str, Any]) -> tuple[Event, UUID, datetime, datetime]:
    """`appended_at` beside the envelope's own: when it was told, if that was later."""
    envelope, event = decode(msgspec.json.encode({key: each for key, each in fields.items() if key != "appended_at"}))
    told = fields.get("appended_at")
    at = envelope.time if told is None else msgspec.convert(told, datetime)
    return event, envelope.id, at, envelope.time


def _simple(number: int, fields: Mapping[str, Any], calendar: Calendar) -> tuple[Event, UUID, datetime, datetime]:
    missing = [name for name in _WRITTEN if fields.get(name) in {None, ""}]
    if missing:
        raise ValueError(f"expected {', '.join(missing)}")
    kind = EVENTS.get(str(fields["event"]))
    if kind is None:
        raise ValueError(f"no event {fields['event']!r} that happens to a member")
    told = fields["time"]
    at = told if isinstance(told, datetime) else datetime.fromisoformat(told)
    at = at if at.tzinfo else at.replace(tzinfo=calendar.zone)
    unknown = fields.keys() - set(kind.__struct_fields__) - set(_WRITTEN)
    if unknown:
        raise ValueError(f"{kind.NAME} has no field {', '.join(sorted(unknown))}")
    line_id = uuid5(MEMBERS, f"line {number}")
    given = {name: each for name, each in fields.items() if name not in _WRITTEN and each is not None}
    hints = get_type_hints(kind, include_extras=False)
    needed = [field.name for field in msgspec.structs.fields(kind) if field.required and field.name not in given]
    filled = {name: _stand_in(name, hints[name], at=at, line_id=line_id, calendar=calendar) for name in needed}
    named = {name: _member(str(given[name])) for name in _MEMBERS & given.keys()}
    event = msgspec.convert(given | filled | named | {"member_id": _member(str(fields["member"]))}, kind)
    return event, line_id, at, at


def _member(named: str) -> UUID:
    try:
        return UUID(named)
    except ValueError:
        return uuid5(MEMBERS, named)


def _stand_in(name: str, hint: Any, *, at: datetime, line_id: UUID, calendar: Calendar) -> Any:
    """What a line may leave out: ids, its own time again, codes. Amounts and counts may not."""
    if name in _MEMBERS:
        raise ValueError(f"expected {name}")
    if name == "member_id" or hint is UUID or UUID in get_args(hint):
        return line_id
    if hint is datetime:
        return at
    if hint is date:
        return at.astimezone(calendar.zone).date()
    if hint is str:
        return "CNY" if name == "currency" else "imported"
    if get_origin(hint) is list:
        return []
    if hint is not int and hint is not bool and get_args(hint):
        return get_args(hint)[0]
    raise ValueError(f"expected {name}")


class Filing:
    """Lines in the order of their times, to the entries of every lane."""

    def __init__(self, *, revision: int) -> None:
        self._revision = revision
        self._numbers = [0] * LANES
        self._held: list[list[Line]] = [[] for _ in range(LANES)]
        self._beat: datetime | None = None
        self._last: datetime | None = None
        self._courier = Courier()

    def add(self, line: Line) -> Iterator[Filed]:
        """Raises LineInvalid when it is earlier than the line before, or makes two members each other."""
        at = line.input.appended_at
        if self._last is not None and at < self._last:
            raise LineInvalid(f"line {line.input.position}: earlier than the line before; sort the history by time")
        self._last = at
        self._beat = self._beat or at
        while at > self._beat:
            yield from self._beats(self._beat)
            self._beat += HEARTBEAT
        self._hold(line)
        try:
            for letter in self._courier.carry(line.arrival):
                self._hold(_of_letter(line, letter))
        except RoundMerger as error:
            raise LineInvalid(f"line {line.input.position}: {error}") from error

    def _hold(self, line: Line) -> None:
        self._held[lane_of(str(line.member_id))].append(line)

    def end(self) -> Iterator[Filed]:
        if self._beat is not None:
            yield from self._beats(self._beat)

    def _beats(self, beat: datetime) -> Iterator[Filed]:
        """What every lane read since the last one, and that it has read everything."""
        for lane, lines in enumerate(self._held):
            if lines:
                yield self._filed(lane, "events", beat, beat - HEARTBEAT, lines)
                self._held[lane] = []
            yield self._filed(lane, "time", beat, beat, [])

    def _filed(self, lane: int, kind: Any, gate_at: datetime, watermark: datetime, lines: list[Line]) -> Filed:
        self._numbers[lane] += 1
        entry = Entry(
            lane=lane,
            number=self._numbers[lane],
            kind=kind,
            gate_at=gate_at,
            watermark=watermark,
            revision=self._revision,
            inputs=packed_events([line.input for line in lines]) if lines else b"",
        )
        return Filed(entry=entry, subjects=heads(line.member_id for line in lines))


def _of_letter(line: Line, letter: Arrival) -> Line:
    envelope = encode(
        letter.event,
        event_id=letter.event_id,
        service="lifecycle",
        type_name=letter.event.type_name(),
        time=letter.time,
    )
    return _line(line.input.position, letter, producer="lifecycle", envelope=envelope)


def filed(lines: Iterable[Line], *, revision: int) -> Iterator[Filed]:
    """The entries of every lane, each lane's in their order."""
    filing = Filing(revision=revision)
    for line in lines:
        yield from filing.add(line)
    yield from filing.end()
