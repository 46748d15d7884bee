"""Which records of a partition are to be applied: the rule of the chain, pure.

Every record names the position before it on its partition. A partition that applies a record only when that position is the
last one that it applied loses nothing unseen, applies nothing twice and turns nothing around, whatever the broker, the relay or
another consumer does. The model beside the tests shows it for every order of failures in a small scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum, auto

from common.bus.position import START, Position


class Verdict(Enum):
    APPLY = auto()
    """It follows the last one that was applied."""
    PASS = auto()
    """It was applied before, or is of a history that was left."""
    GAP = auto()
    """What it follows has not come."""
    FORK = auto()
    """The producer has lost events that were applied: its history goes on from an earlier one."""


class Baseline(StrEnum):
    """What one record may follow, once, that does not follow `last`."""

    FIRST = "first"
    """Anything: the partition was never read."""
    PASSED = "passed"
    """Whatever was applied before: a person has accepted a fork."""


@dataclass(frozen=True, slots=True)
class Chain:
    """How far a partition has been applied."""

    last: Position = START
    ends: Mapping[int, int] = field(default_factory=dict)
    """For each generation, the last id applied: however a producer fails over and back, this tells what was applied."""
    baseline: Baseline | None = Baseline.FIRST

    def has_passed(self, position: Position) -> bool:
        return position in (START, self.last) or position.id <= self.ends.get(position.generation, 0)

    def judge(self, *, position: Position, prev: Position) -> Verdict:
        if self.has_passed(position):
            return Verdict.PASS
        if self.baseline is Baseline.FIRST or prev == self.last:
            return Verdict.APPLY
        if self.baseline is Baseline.PASSED:
            return Verdict.APPLY if self.has_passed(prev) else Verdict.GAP
        if position < self.last:
            return Verdict.PASS
        return Verdict.GAP if prev > self.last else Verdict.FORK

    def judge_head(self, head: Position) -> Verdict:
        """What a heartbeat says: that the partition has been written up to `head`."""
        if self.baseline is Baseline.FIRST or self.has_passed(head):
            return Verdict.APPLY
        return Verdict.PASS if head < self.last else Verdict.GAP

    def applied(self, position: Position) -> "Chain":
        return Chain(position, {**self.ends, position.generation: position.id}, baseline=None)

    def begun(self, head: Position) -> "Chain":
        """The first thing read was a heartbeat: what it names is where this partition begins."""
        return replace(self, last=head, baseline=None) if self.baseline is Baseline.FIRST else self
