"""An outline 輪廓 of a member: what a walk over everybody needs, read from the row's bytes without building the rest."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from lifecycle.facts.domain import Fact, Facts
from lifecycle.members.domain import VERSION, MemberError
from lifecycle.standing.domain import Standing


class Waits(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The first field of `Pending`."""

    rule: str


class Outline(msgspec.Struct, frozen=True, array_like=True, eq=False, gc=False):
    """The fields of `Member`, in their order."""

    member_id: UUID
    at: datetime
    facts: dict[int, msgspec.Raw]
    standing: Standing
    episodes: msgspec.Raw
    pending: msgspec.Raw
    slots: msgspec.Raw
    due: datetime | None
    sends: msgspec.Raw
    units: msgspec.Raw
    version: int

    @property
    def waiting(self) -> Iterator[str]:
        """The rules that wait for their time."""
        return (each.rule for each in _waiting(self.pending))

    def facts_at(self, places: Iterable[int]) -> Facts:
        """Those, with the distinct values of each metric."""
        wanted = (place for each in places for place in (each, -each))
        return {place: _fact(self.facts[place]) for place in wanted if place in self.facts}


_waiting = msgspec.msgpack.Decoder(list[Waits]).decode
_fact = msgspec.msgpack.Decoder(Fact).decode
_decoder = msgspec.msgpack.Decoder(Outline)


def outlined(state: bytes) -> Outline:
    """Raises MemberError."""
    if state[:1] != VERSION:
        raise MemberError(f"member: version {state[:1].hex() or 'missing'}, expected {VERSION.hex()}")
    try:
        return _decoder.decode(memoryview(state)[1:])
    except msgspec.DecodeError as error:
        raise MemberError(f"member: {error}") from error
