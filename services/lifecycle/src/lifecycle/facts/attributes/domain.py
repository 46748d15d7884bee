"""An attribute 屬性: what was last told of a member, by the greatest (time, event id).

In memory it is what is stored: the time in microseconds, the event's id, the value in MessagePack. So of two the greater
bytes are the later, and it is `max` that merges them.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from lifecycle.conditions.expressions.domain import Plain

LONGEST = 64
"""Characters of a text that are kept."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TIME, _ID = 8, 16
_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Plain] = msgspec.msgpack.Decoder(Plain)


def told(value: Plain, *, at: datetime, event_id: UUID) -> bytes:
    """`at`: not before 1970."""
    kept = value[:LONGEST] if isinstance(value, str) else value
    return ((at - _EPOCH) // _MICROSECOND).to_bytes(_TIME) + event_id.bytes + _encode(kept)


def value_of(attribute: bytes) -> Plain:
    return _decoder.decode(memoryview(attribute)[_TIME + _ID :])
