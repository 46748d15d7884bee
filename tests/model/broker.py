"""A topic on a broker: partitions of records, and what a broker may do to them although it acknowledged them."""

from collections.abc import Iterator
from typing import NamedTuple

from model.producer import Position


class Record(NamedTuple):
    """`event` 0 is a heartbeat: its position and `previous` are the head of the partition's chain."""

    position: Position
    previous: Position  # the one before it on this partition
    event: int = 0
    complete_to: int = 0  # in a heartbeat: all events of this partition appended at or before it are in the chain

    def __str__(self) -> str:
        generation, number = self.position
        what = f"event {self.event}" if self.event > 0 else "generation" if self.event else "heartbeat"
        return f"{what} {generation}/{number} after {self.previous[0]}/{self.previous[1]}" + (
            f", complete to {self.complete_to}" if self.complete_to else ""
        )


class Partition(NamedTuple):
    start: int = 0
    records: tuple[Record, ...] = ()

    @property
    def end(self) -> int:
        return self.start + len(self.records)

    def append(self, record: Record) -> "Partition":
        return self._replace(records=(*self.records, record))

    def read(self, offset: int, count: int) -> tuple[Record, ...]:
        return self.records[offset - self.start : offset - self.start + count]


Topic = tuple[Partition, ...]

LOSSES = ("lose tail", "recreate", "expire")


def lose(topic: Topic, kind: str) -> Iterator[tuple[str, Topic]]:
    """All the ways in which the broker may lose records by a fault of this kind."""
    if kind == "recreate" and any(partition.end for partition in topic):
        yield "the topic is deleted and created again", (Partition(),) * len(topic)
    for number, partition in enumerate(topic):
        start, records = partition
        rest = topic[:number], topic[number + 1 :]
        for count in range(1, len(records) + 1):
            if kind == "lose tail":
                lost = partition._replace(records=records[:-count])
                yield f"partition {number} loses its last {count}, acknowledged", (*rest[0], lost, *rest[1])
            if kind == "expire":
                lost = Partition(start + count, records[count:])
                yield f"the first {count} of partition {number} expire", (*rest[0], lost, *rest[1])
