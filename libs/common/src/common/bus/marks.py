"""When what a reader sees is final: the rule of marks, pure.

A mark is (head, xid): the greatest visible position, then a fresh xid. Ids are taken after xids, so every row at or below
`head` belongs to a transaction older than the mark's; once a later snapshot shows that all of those have ended (its xmin is
above the mark's xid), nothing at or below `head` can still appear. Marks are memory, not state.

`complete to T`: T is just before what the producer's clock showed when the mark's xid was not yet taken, so every event
appended at or before T belongs to an older transaction too. When the mark settles they are all visible, hence at or below the head visible then;
T may be stated once everything up to that head has been read.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from common.bus.position import START, Position


@dataclass(frozen=True, slots=True)
class Sight:
    """What one statement saw, in one snapshot: xmin and head; then the clock; then, if a mark was taken, its xid."""

    xmin: int
    head: Position
    clock: datetime
    mark_xid: int | None
    seen_at: float
    """When, by the reader's own monotonic clock, in seconds."""


@dataclass(frozen=True, slots=True)
class _Mark:
    head: Position
    xid: int
    clock: datetime
    seen_at: float


class Marks:
    def __init__(self) -> None:
        self.final = START
        """Every row at or below it is final."""
        self.marked = START
        """The head of the latest mark: only a head above it is news."""
        self._pending: deque[_Mark] = deque()
        self._completions: deque[tuple[Position, datetime]] = deque()

    @property
    def pending(self) -> bool:
        return bool(self._pending)

    @property
    def pending_since(self) -> float | None:
        """When the oldest mark was taken that has not settled."""
        return self._pending[0].seen_at if self._pending else None

    def observe(self, sight: Sight) -> None:
        while self._pending and self._pending[0].xid < sight.xmin:
            mark = self._pending.popleft()
            self.final = max(self.final, mark.head)
            self._complete(sight.head, mark.clock)
        if sight.mark_xid is not None:
            self._pending.append(_Mark(sight.head, sight.mark_xid, sight.clock, sight.seen_at))
            self.marked = max(self.marked, sight.head)

    def _complete(self, head: Position, clock: datetime) -> None:
        """Once all up to `head` is read, time is complete to `clock`; of several such times the latest is enough."""
        if self._completions and self._completions[-1][0] == head:
            clock = max(clock, self._completions.pop()[1])
        self._completions.append((head, clock))

    def complete_to(self, read: Position) -> datetime | None:
        """The greatest T that may be stated by a reader that has read everything up to `read`; forgets those below it."""
        stated = None
        while self._completions and self._completions[0][0] <= read:
            _, clock = self._completions.popleft()
            stated = clock if stated is None else max(stated, clock)
        return stated
