"""How a group reads on in a partition of Kafka: its offset row and the rules of the chain, without who carries them out.

A record says the position before it on its partition. `last` is where the group stands in that chain; what was applied is
known by generation, as for cursors: a producer may come back to a history that it had left.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from model.broker import Partition, Record
from model.producer import START, Position


class Offset(NamedTuple):
    """A row of the group, for one partition."""

    next: int = 0
    last: Position = START
    ends: tuple[tuple[int, int], ...] = ()  # (generation, last id applied)
    gap: Position | None = None  # known to be missing: what comes after `last`, up to this
    fork: Position | None = None  # of the record at `next`, which follows something before `last`
    baseline: Literal["", "first", "passed"] = (
        ""  # accept, once, whatever comes first; or what follows something applied
    )

    def has_passed(self, position: Position) -> bool:
        generation, number = position
        return position in {START, self.last} or number <= dict(self.ends).get(generation, 0)

    def apply(self, position: Position) -> "Offset":
        generation, number = position
        ends = tuple(sorted({**dict(self.ends), generation: number}.items()))
        return self._replace(last=position, ends=ends, gap=None, baseline="")


class Taken(NamedTuple):
    offset: Offset
    events: tuple[int, ...] = ()
    complete_to: int = 0


@dataclass(frozen=True)
class ChainRules:
    """The defaults are the protocol; each other value takes one of its rules away."""

    gap: Literal["noticed", "noticed and applied", "ignored"] = "noticed"
    reread: Literal["again and again", "once", "never"] = "again and again"  # the whole log, while a gap is open
    least: bool = True  # what is known to be missing is the least, since it may be given up
    fork: bool = True
    applied: Literal["by generation", "below last"] = "by generation"
    accept: Literal["what follows something applied", "whatever comes"] = (
        "what follows something applied"  # after a fork
    )
    forget: bool = True  # T, when a fork is accepted
    complete_in_gap: bool = False
    first: Literal["record or heartbeat", "record"] = "record or heartbeat"  # settles the baseline of a new group

    def take(self, offset: Offset, records: tuple[Record, ...], partition: Partition) -> Taken:
        """The row after these records, which stand from its `next` on, and the events to apply."""
        events: list[int] = []
        complete_to = 0
        for record in records:
            before = offset
            offset = self._beat(offset, record) if not record.event else self._follow(offset, record)
            if offset.fork is not None:
                break
            if record.event > 0 and offset.last == record.position != before.last:
                events.append(record.event)
            if not record.event and (self.complete_in_gap or self._has_all(offset, record)):
                complete_to = max(complete_to, record.complete_to)
            if offset.gap is not None and before.gap is None and self.reread != "never":
                offset = offset._replace(next=partition.start)
                break
            offset = offset._replace(next=offset.next + 1)
        return Taken(offset, tuple(events), complete_to)

    def finds(self, offset: Offset, partition: Partition) -> bool:
        """Whether a gap would close if the log were read once more."""
        if self.reread != "again and again" or offset.gap is None:
            return False
        return any(self._follow(offset, record).gap is None for record in partition.records if record.event)

    def _has_all(self, offset: Offset, heartbeat: Record) -> bool:
        return offset.gap is None and offset.has_passed(heartbeat.position)

    def _beat(self, offset: Offset, heartbeat: Record) -> Offset:
        if offset.baseline == "first":
            settled = self.first == "record or heartbeat"
            return offset._replace(last=heartbeat.position, baseline="") if settled else offset
        if offset.has_passed(heartbeat.position) or heartbeat.position < offset.last:
            return offset
        return self._miss(offset, heartbeat.position)

    def _follow(self, offset: Offset, record: Record) -> Offset:
        position, previous = record.position, record.previous
        if self.applied == "below last" and position <= offset.last:
            return offset
        if offset.baseline == "first" or previous == offset.last:
            return offset if offset.has_passed(position) else offset.apply(position)
        if self.applied == "by generation" and offset.has_passed(position):
            return offset
        if offset.baseline == "passed":
            return offset.apply(position) if offset.has_passed(previous) else self._miss(offset, previous)
        if position < offset.last:
            return offset  # of a history that was left; if it matters again, a later record will not follow
        if previous > offset.last:
            missed = self._miss(offset, previous)
            return missed if self.gap == "noticed" else missed.apply(position)._replace(gap=missed.gap)
        return offset._replace(fork=position) if self.fork else offset.apply(position)

    def _miss(self, offset: Offset, up_to: Position) -> Offset:
        if self.gap == "ignored":
            return offset
        if offset.gap is not None:
            up_to = min(offset.gap, up_to) if self.least else max(offset.gap, up_to)
        return offset._replace(gap=up_to)


CHAIN_RULES = ChainRules()
