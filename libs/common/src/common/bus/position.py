"""Where an event stands in its producer's log."""

from typing import NamedTuple


class Position(NamedTuple):
    """Ordered by generation, then id. Ids start again after a restore; generations never do."""

    generation: int
    id: int

    def __str__(self) -> str:
        return f"{self.generation}/{self.id}"


START = Position(0, 0)
"""Before the first event; also the floor of a log that was never pruned."""
