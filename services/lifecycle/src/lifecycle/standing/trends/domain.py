"""A trend 趨勢: how many members stood where at the end of each period: those of now, less what moved since."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

Stand: TypeAlias = tuple[str, str]
"""(dimension, value)"""


def trend(now: Mapping[Stand, int], moved: Iterable[tuple[int, Stand, int]], *, periods: int) -> list[dict[Stand, int]]:
    """By period, the earliest first. `moved`: (period, stand, how many more came into it than left); of `periods` and later
    numbers: after the last of them.
    """
    return list(reversed([*_backwards(now, moved, periods)]))


def _backwards(
    now: Mapping[Stand, int], moved: Iterable[tuple[int, Stand, int]], periods: int
) -> Iterator[dict[Stand, int]]:
    by_period: dict[int, Counter[Stand]] = {}
    for period, stand, members in moved:
        by_period.setdefault(min(period, periods), Counter())[stand] += members
    standing = Counter(now)
    for period in range(periods, 0, -1):
        standing.subtract(by_period.get(period, Counter()))
        yield {stand: members for stand, members in standing.items() if members}
