"""A service that reads other services' logs and carries out what they ask, one row a transaction."""

from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from common.bus.lanes import lane_of
from common.contracts.envelope import Envelope
from common.contracts.event import Event
from simulation.dice import Dice
from simulation.logs import Log, Row


@dataclass
class Reader(ABC):
    """It tells what it does in its own log. Its state and what it tells are written together, or neither."""

    log: Log
    logs: dict[str, Log]
    """That it reads."""
    lanes: set[int]
    read: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    down_until: datetime | None = None

    def is_down(self, now: datetime) -> bool:
        return self.down_until is not None and now < self.down_until

    def work(self, now: datetime, dice: Dice) -> bool:
        if self.is_down(now):
            return False
        worked = False
        for producer in dice.mixed(sorted(self.logs)):
            for lane in dice.mixed(sorted(self.lanes)):
                unread = self.logs[producer].unread(lane, self.read[lane, producer], now)
                some = unread[: dice.upto(len(unread))] if dice.chance(0.3) else unread
                for row in some:
                    self.handle(row, now)
                    self.read[lane, producer] += 1
                worked |= bool(some)
        return worked

    def has_news(self, now: datetime) -> bool:
        return not self.is_down(now) and any(
            log.unread(lane, self.read[lane, producer], now)
            for producer, log in self.logs.items()
            for lane in self.lanes
        )

    @abstractmethod
    def handle(self, row: Row, now: datetime) -> None: ...

    def tell(self, event: Event, *, now: datetime, cause: Envelope | None = None) -> None:
        self.log.append(event, now=now, cause=cause)


def lanes_of(members: list[UUID]) -> set[int]:
    return {lane_of(str(member)) for member in members}
