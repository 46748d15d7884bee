"""Members in lanes of their own, in memory: what they read, what is on its way between them, in any order that can be."""

from collections import defaultdict, deque
from datetime import UTC, datetime
from uuid import UUID, uuid5

import msgspec

from common.contracts.event import Event
from lifecycle.members.domain import Member
from lifecycle.publishing.versions.domain import Versions
from lifecycle.stepping.domain import Arrival, step
from lifecycle.stepping.moments.domain import Stepped

FAR = datetime(2030, 1, 1, tzinfo=UTC)
MAIL = UUID(int=7)


class Lanes:
    """Nobody waits for time here: every producer has been read to the end of days."""

    def __init__(self, versions: Versions) -> None:
        self.members: dict[UUID, Member] = {}
        self.told: dict[UUID, list[Stepped]] = defaultdict(list)
        self.unread: dict[UUID, deque[Arrival]] = defaultdict(deque)
        self.mail: dict[tuple[UUID, UUID], deque[Arrival]] = defaultdict(deque)
        """Sender and receiver."""
        self._versions = versions
        self._sent = 0

    def append(self, arrival: Arrival) -> None:
        self.unread[UUID(arrival.event.subject)].append(arrival)

    @property
    def possible(self) -> list[deque[Arrival]]:
        """What may be taken next, the first of each."""
        return [queue for queue in (*self.unread.values(), *self.mail.values()) if queue]

    def take(self, queue: deque[Arrival]) -> None:
        arrival = queue.popleft()
        member_id = UUID(arrival.event.subject)
        at = arrival.appended_at
        stepped = step(self._versions, self.members.get(member_id), arrival, gate=at, watermark=FAR)
        self.members[member_id] = stepped.member
        self.told[member_id].append(stepped)
        for event in stepped.mail:
            self._send(member_id, event, at=stepped.member.at)

    def run(self, choices: list[int]) -> None:
        """Everything, in an order that the choices make."""
        choices = list(choices)
        while possible := self.possible:
            self.take(possible[choices.pop() % len(possible) if choices else 0])

    def _send(self, sender: UUID, event: Event, *, at: datetime) -> None:
        self._sent += 1
        as_read = msgspec.json.decode(msgspec.json.encode(event), type=type(event))
        arrival = Arrival(event_id=uuid5(MAIL, str(self._sent)), time=at, appended_at=at, event=as_read)
        self.mail[sender, UUID(event.subject)].append(arrival)
