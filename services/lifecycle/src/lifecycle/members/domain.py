"""A member as the engine knows them: one row, read and written by one step at a time."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.lifecycle import Cause
from lifecycle.actions.domain import Slot
from lifecycle.conditions.expressions.domain import Plain
from lifecycle.facts.domain import Facts
from lifecycle.identities.domain import Drawn, Kin, Units
from lifecycle.policy.caps.domain import Send
from lifecycle.standing.domain import Standing

VERSION = b"\x01"


class MemberError(ValueError):
    """Bytes that are no member of this version."""


class Episode(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The latest stay in a value."""

    number: int
    """The entries into the value so far."""
    entered_at: datetime
    cause: Cause
    depth: int = 0
    """Of causation: see `Occasion.depth`."""


class Pending(msgspec.Struct, frozen=True, array_like=True, gc=False):
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


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
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
    units: Units = {}
    """What the member was first drawn as: it stays theirs."""
    version: int = 1
    """Of the policy that the member lives by."""
    kin: Kin | None = None
    """None as long as they are alone. Facts and units are those of all identities."""
    is_erased: bool = False
    """Nothing of them is kept, and nothing is done for them any more."""

    @property
    def root(self) -> UUID | None:
        """Who they are now, if not themselves: what happens to them happens to that member."""
        return self.kin.root if self.kin else None

    @property
    def stands(self) -> bool:
        """Whether they are anywhere: neither another now, nor erased."""
        return self.root is None and not self.is_erased

    @property
    def stage(self) -> str:
        return self.standing["stage"]

    @property
    def health(self) -> str:
        return self.standing["health"]

    @property
    def segments(self) -> frozenset[str]:
        return frozenset(self.standing.keys() - {"stage", "health"})


def drawn(member: Member, units: Mapping[str, str], *, at: datetime) -> Member:
    """The member with what they were drawn as, by salt, where they were not drawn before."""
    new = {salt: Drawn(unit, at) for salt, unit in units.items() if salt not in member.units}
    if not new:
        return member
    kin = member.kin
    if kin is not None and kin.identities:
        own = kin.identities[member.member_id]
        own = msgspec.structs.replace(own, units=own.units | new)
        kin = msgspec.structs.replace(kin, identities=kin.identities | {member.member_id: own})
    return msgspec.structs.replace(member, units=member.units | new, kin=kin)


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
