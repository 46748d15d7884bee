"""A member as the engine knows them: one row, read and written by one step at a time."""

from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.lifecycle import Cause
from lifecycle.actions.domain import Slot
from lifecycle.caps.domain import Send
from lifecycle.expressions.domain import Plain
from lifecycle.facts.domain import Facts
from lifecycle.standing.domain import Standing

VERSION = b"\x01"


class MemberError(ValueError):
    """Bytes that are no member of this version."""


class Episode(msgspec.Struct, frozen=True, array_like=True):
    """The latest stay in a value."""

    number: int
    """The entries into the value so far."""
    entered_at: datetime
    cause: Cause
    depth: int = 0
    """Of causation: see `Occasion.depth`."""


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A rule waits for its time in one episode of a value (settle, held), or to be released (quiet hours, a full cap)."""

    rule: str
    value: str | None
    """None: an event triggered it."""
    episode: int
    due: datetime
    key: str = ""
    since: datetime | None = None
    """When it was triggered, of what waits to be released under its key."""
    event: dict[str, Plain] = {}
    """Of what an event triggered, the fields of it that the rule's condition asks."""
    depth: int = 0


class Member(msgspec.Struct, frozen=True, array_like=True):
    member_id: UUID
    at: datetime
    """Logical time: what the member has been moved to."""
    facts: Facts
    standing: Standing
    episodes: dict[str, Episode]
    """By value, of every value ever entered."""
    pending: tuple[Pending, ...] = ()
    slots: tuple[Slot, ...] = ()
    """What the rules did: what is still open, and what re-entry has to remember."""
    due: datetime | None = None
    """Time alone changes nothing before this. Derived: `moments.rearmed` finds it anew."""
    sends: tuple[Send, ...] = ()
    """What was released, as long as a cap may count it."""
    units: dict[str, str] = {}
    """By the salt of a holdout, the unit that the member was first drawn as: it stays theirs."""
    version: int = 1
    """Of the policy that the member lives by."""

    @property
    def stage(self) -> str:
        return self.standing["stage"]

    @property
    def health(self) -> str:
        return self.standing["health"]

    @property
    def segments(self) -> frozenset[str]:
        return frozenset(self.standing.keys() - {"stage", "health"})


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(Member)


def encode(member: Member) -> bytes:
    return VERSION + _encoder.encode(member)


def decode(encoded: bytes) -> Member:
    if encoded[:1] != VERSION:
        raise MemberError(f"member: version {encoded[:1].hex() or 'missing'}, expected {VERSION.hex()}")
    try:
        return _decoder.decode(memoryview(encoded)[1:])
    except msgspec.DecodeError as error:
        raise MemberError(f"member: {error}") from error
