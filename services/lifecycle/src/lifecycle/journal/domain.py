"""The journal 日誌: what a batch of a lane took in, packed. Everything else can be made again from it, to the byte.

Of an event the envelope is kept as it stands in the log, with its place and append time; of time that passed, who was woken.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
import zstandard

Kind = Literal["events", "time", "enrolment"]

LEVEL = 3
"""Of the compression; higher ones take twice the time for a tenth less."""
LARGEST = 256 * 1024 * 1024
"""Bytes that one row may unpack to: a batch holds far less."""

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One batch of one lane."""

    lane: int
    number: int
    kind: Kind
    gate_at: datetime
    watermark: datetime | None
    revision: int
    """What was in force."""
    inputs: bytes


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it was taken in."""

    producer: str
    generation: int
    position: int
    appended_at: datetime
    envelope: bytes


class _Columns(msgspec.Struct, frozen=True, array_like=True):
    """Column by column: that packs best."""

    producers: list[str]
    generations: list[int]
    positions: list[int]
    appended: list[int]
    """Microseconds since 1970."""
    envelopes: list[bytes]


_encoder = msgspec.msgpack.Encoder()
_columns = msgspec.msgpack.Decoder(_Columns)


def packed_events(events: Sequence[Input]) -> bytes:
    columns = _Columns(
        [event.producer for event in events],
        [event.generation for event in events],
        [event.position for event in events],
        [(event.appended_at - _START) // _MICROSECOND for event in events],
        [event.envelope for event in events],
    )
    return zstandard.ZstdCompressor(level=LEVEL).compress(_encoder.encode(columns))


def unpacked_events(inputs: bytes) -> Iterator[Input]:
    """In the order in which they were taken in."""
    columns = _columns.decode(zstandard.ZstdDecompressor().decompress(inputs, max_output_size=LARGEST))
    for producer, generation, position, appended, envelope in zip(*msgspec.structs.astuple(columns), strict=True):
        yield Input(
            producer=producer,
            generation=generation,
            position=position,
            appended_at=_START + appended * _MICROSECOND,
            envelope=envelope,
        )


class Enrolled(msgspec.Struct, frozen=True, array_like=True):
    """Whom an operator brought a rule."""

    enrolment_id: UUID
    rule: str
    members: bytes


_enrolled = msgspec.msgpack.Decoder(Enrolled)


def packed_enrolment(enrolment_id: UUID, rule: str, members: Iterable[UUID]) -> bytes:
    return _encoder.encode(Enrolled(enrolment_id, rule, packed_members(members)))


def unpacked_enrolment(inputs: bytes) -> Enrolled:
    return _enrolled.decode(inputs)


def packed_members(members: Iterable[UUID]) -> bytes:
    """Ids do not compress."""
    return b"".join(member.bytes for member in members)


def unpacked_members(inputs: bytes) -> list[UUID]:
    return [UUID(bytes=inputs[start : start + 16]) for start in range(0, len(inputs), 16)]


def heads(members: Iterable[UUID]) -> bytes:
    """By which the entries that speak of a member are found without opening them: the first four bytes of each id."""
    return b"".join(sorted({member.bytes[:4] for member in members}))
