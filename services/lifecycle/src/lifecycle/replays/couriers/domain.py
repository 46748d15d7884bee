"""A courier 信差: what goes from lane to lane in a history from elsewhere, whose lanes nobody ever ran.

Who is whom follows from the events alone. What is carried says nothing of what anybody counted or did: whoever tries a draft on
the history has it written anew; see `correspondences`.
"""

from collections.abc import Iterator
from functools import cache
from uuid import UUID

from common.contracts.members import MemberMerged
from lifecycle.authoring.domain import author
from lifecycle.engine.domain import compiled
from lifecycle.identities.forwarding.domain import lettered
from lifecycle.members.domain import Member
from lifecycle.publishing.versions.domain import Versions, alone
from lifecycle.stepping.domain import Arrival, step

_NOTHING = """policy: nothing
metrics: {joined: {event: member.registered}}
stages: [{here: always}]
health: [{well: always}]
rules: {}
"""


class RoundMerger(ValueError):
    """A member would be another who is that member."""


class Courier:
    def __init__(self) -> None:
        self._members: dict[UUID, Member] = {}
        """Whoever was ever merged, and who they were merged into."""

    def carry(self, arrival: Arrival) -> Iterator[Arrival]:
        """What an event brings to other lanes, in its order. Raises RoundMerger."""
        event, member_id = arrival.event, UUID(arrival.event.subject)
        if isinstance(event, MemberMerged):
            self._check(event)
        elif member_id not in self._members:
            return
        yield from self._step(arrival)

    def _step(self, arrival: Arrival) -> Iterator[Arrival]:
        member_id, at = UUID(arrival.event.subject), arrival.appended_at
        stepped = step(_versions(), self._members.get(member_id), arrival, gate=at, watermark=at)
        self._members[member_id] = stepped.member
        for event_id, event in lettered(stepped.mail, cause=arrival.event_id):
            letter = Arrival(event_id=event_id, time=at, appended_at=at, event=event)
            yield letter
            yield from self._step(letter)

    def _check(self, event: MemberMerged) -> None:
        root_id: UUID | None = event.root_id
        while root_id is not None and root_id != event.member_id:
            root = self._members.get(root_id)
            root_id = root.root if root else None
        if root_id is not None:
            raise RoundMerger(f"member {event.member_id} cannot be {event.root_id}, who is {event.member_id}")


@cache
def _versions() -> Versions:
    policy = author(_NOTHING, tz="UTC").policy
    if policy is None:
        raise AssertionError("the policy of nothing is one")
    return alone(compiled(policy))
