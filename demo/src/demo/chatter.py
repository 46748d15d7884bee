"""SYNTHETIC group chat: The Complete Journey has none, so a seeded generator makes some.

Each household has a talkativeness of its own; on a day it writes nothing, or a few messages into the group of the store that it
shops at. Who writes what depends on the seed, the household and the day alone, so that a resumed run says the same again.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

MOST_MESSAGES = 5
_TALKATIVE_SHAPE, _TALKATIVE_SCALE = 0.6, 4.0
"""Beta distribution of the share of days on which a household writes: most hardly ever, a few almost daily; mean 13 %."""

_PHRASES = (
    "今天有什麼新鮮的？",
    "接龍 +1",
    "到貨了嗎？",
    "謝謝團長！",
    "週末還有團嗎？",
    "草莓很甜",
    "明天下午去自提點拿",
)


@dataclass(frozen=True, slots=True)
class Chat:
    """What one household wrote in one group on one day."""

    household: int
    store: int
    messages: tuple[str, ...]


class Chatter:
    def __init__(self, *, seed: int, stores: Mapping[int, int]) -> None:
        """`stores`: household → the store whose group it is in."""
        self._seed = seed
        self._stores = stores
        self._talkative = {
            household: random.Random(f"{seed}:{household}").betavariate(_TALKATIVE_SHAPE, _TALKATIVE_SCALE)  # noqa: S311 - seeded on purpose
            for household in stores
        }

    def store_of(self, household: int) -> int:
        return self._stores[household]

    def on(self, day: date, households: Iterator[int]) -> Iterator[Chat]:
        """What these households write on that day."""
        for household in households:
            rng = random.Random(f"{self._seed}:{household}:{day.toordinal()}")  # noqa: S311 - seeded on purpose
            if rng.random() < self._talkative[household]:
                count = rng.randint(1, MOST_MESSAGES)
                yield Chat(household, self._stores[household], tuple(rng.choice(_PHRASES) for _ in range(count)))
