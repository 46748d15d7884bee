"""Dice 骰子: chance that a seed decides, the same in every version of Python: `random()` is all that is promised to stay."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def upto(self, most: int) -> int:
        """From 0 to `most`."""
        return int(self._random.random() * (most + 1))

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def pick(self, some: Sequence[T]) -> T:
        return some[self.upto(len(some) - 1)]

    def mixed(self, some: Sequence[T]) -> list[T]:
        left = list(some)
        return [left.pop(self.upto(len(left) - 1)) for _ in range(len(left))]


def leaving_order() -> Dice:
    """Dice that leave everything in its order and nothing to chance."""
    return _Orderly(0)


class _Orderly(Dice):
    def upto(self, most: int) -> int:
        return min(most, 0)

    def chance(self, share: float) -> bool:
        return share >= 1
