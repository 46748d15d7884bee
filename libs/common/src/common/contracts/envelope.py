"""The CloudEvents 1.0 envelope: how an event stands in the log.

The encoded bytes are stored, copied and never encoded again; position and append time travel beside them
(columns of the outbox, headers of a Kafka record).
"""

from datetime import datetime
from typing import Annotated, Literal, TypeVar
from uuid import UUID, uuid5

import msgspec

from common.contracts.event import Event, Moment
from common.contracts.topics import CATALOGUE

MAXIMUM_BYTES = 256 * 1024
T = TypeVar("T")


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    specversion: Literal["1.0"] = msgspec.field()
    id: UUID
    source: str
    type: str
    subject: str
    time: Moment
    datacontenttype: Literal["application/json"] = msgspec.field()
    data: msgspec.Raw
    correlationid: str | None = None
    causationid: UUID | None = None
    causationdepth: Annotated[int, msgspec.Meta(ge=0)] = 0
    """How many events, one the cause of the next, led to this one."""


class EnvelopeError(ValueError):
    """Bytes that are no event of this catalogue; the message names the field and what was expected."""


class UnknownType(EnvelopeError):
    """A well-formed event whose type this version does not know: to be parked, not dropped."""


_encoder = msgspec.json.Encoder()
_envelopes = msgspec.json.Decoder(Envelope)
_data = {name: msgspec.json.Decoder(event) for name, event in CATALOGUE.items()}


def encode(
    event: Event,
    *,
    event_id: UUID,
    service: str,
    type_name: str,
    time: datetime,
    correlation_id: str | None = None,
    causation_id: UUID | None = None,
    causation_depth: int = 0,
) -> bytes:
    envelope = Envelope(
        specversion="1.0",
        id=event_id,
        source=f"/huitou/{service}",
        type=type_name,
        subject=event.subject,
        time=time,
        datacontenttype="application/json",
        data=msgspec.Raw(encode_event(event)),
        correlationid=correlation_id,
        causationid=causation_id,
        causationdepth=causation_depth,
    )
    encoded = _encoder.encode(envelope)
    if len(encoded) > MAXIMUM_BYTES:
        raise EnvelopeError(f"{type_name}: {len(encoded)} bytes, at most {MAXIMUM_BYTES} are allowed")
    return encoded


def decode(encoded: bytes) -> tuple[Envelope, Event]:
    """The envelope and its typed event. Raises UnknownType or EnvelopeError."""
    envelope = _decode(_envelopes, encoded, named="envelope")
    return envelope, decode_event(envelope.type, envelope.data)


def decode_event(type_name: str, data: bytes | msgspec.Raw) -> Event:
    """The typed event of an envelope. Raises UnknownType or EnvelopeError."""
    decoder = _data.get(type_name)
    if decoder is None:
        raise UnknownType(f"type {type_name!r} is not in this version's catalogue")
    return _decode(decoder, data, named=type_name)


def encode_event(event: Event) -> bytes:
    return _encoder.encode(event)


def _decode(decoder: msgspec.json.Decoder[T], encoded: bytes | msgspec.Raw, *, named: str) -> T:
    try:
        return decoder.decode(encoded)
    except msgspec.DecodeError as error:
        raise EnvelopeError(f"{named}: {error}") from error
    except UnicodeDecodeError as error:
        raise EnvelopeError(f"{named}: expected UTF-8 ({error.reason})") from error
    except RecursionError as error:
        raise EnvelopeError(f"{named}: nested too deeply to be read") from error


def caused_id(cause: UUID, type_name: str, n: int) -> UUID:
    """The id of the nth event of a type that another event caused: the same again when the cause is handled again."""
    return uuid5(cause, f"{type_name}:{n}")
