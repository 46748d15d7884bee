"""Records that were set aside: poison and unknown types, those that wait behind them, and operators who replay them.

The log is a fixed row of records, read in batches. What is wrong with a record of a kind is mended some time (a fix is
deployed, the type becomes known); before that a replay fails and changes nothing. Two operators work at once and know
nothing of one another, and each may be gone between two commits. A lane commits a batch as one step (`postgres_bus`).

Checked: no record is applied twice; if handlers declare order, the records of a key are applied in order; at rest every
record has been applied.

Not modelled: discarding a letter, which is a loss that an operator wants.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from model.search import NO_FAULTS, Faults, Step

Kind = Literal["good", "poison", "unknown"]


class Record(NamedTuple):
    kind: Kind
    key: int = 0


class Replay(NamedTuple):
    """An operator at work on the letter of a record; `half`: the first of two commits is done."""

    at: int
    half: bool = False


class World(NamedTuple):
    faults: Faults
    offset: int = 0
    letters: tuple[int, ...] = ()  # open ones, in the order in which they are numbered
    mended: tuple[Kind, ...] = ("good",)
    operators: tuple[Replay | None, ...] = (None, None)
    applied: tuple[int, ...] = ()

    def occupy(self, number: int, replay: Replay | None) -> "World":
        return self._replace(operators=(*self.operators[:number], replay, *self.operators[number + 1 :]))


@dataclass(frozen=True)
class DeadLetters:
    """The defaults are the protocol; each other value takes one of its rules away."""

    log: tuple[Record, ...] = (Record("good"), Record("poison"), Record("unknown"), Record("good"), Record("poison", 1))
    batch: int = 3
    ordered: bool = True
    followers_wait: bool = True  # later records of a key are set aside behind an earlier one
    numbered: Literal["in log order", "as found"] = "in log order"
    replay: Literal["together", "effect first", "state first"] = "together"
    pick: Literal["first of its key", "any"] = "first of its key"
    faults: Faults = NO_FAULTS

    def initial(self) -> World:
        return World(faults=self.faults)

    def steps(self, world: World) -> Iterator[Step[World]]:
        if world.offset < len(self.log):
            yield self._read(world)
        for kind in sorted({record.kind for record in self.log} - set(world.mended)):
            yield Step(f"{kind} records are mended", world._replace(mended=(*world.mended, kind)))
        for number, replay in enumerate(world.operators):
            if replay is not None:
                yield self._replay(world, number, replay)
                if world.faults.allow("kill"):
                    killed = world._replace(faults=world.faults.without("kill")).occupy(number, None)
                    yield Step(f"operator {number} is gone", killed, optional=True)
            else:
                for at in self._candidates(world):
                    yield Step(f"operator {number} picks the letter of record {at}", world.occupy(number, Replay(at)))

    def _read(self, world: World) -> Step[World]:
        """Unknown types are found first, while the batch is decoded; poison and what waits behind it, later."""
        batch = range(world.offset, min(world.offset + self.batch, len(self.log)))
        bad = {at for at in batch if self.log[at].kind not in world.mended}
        aside = set(bad)
        if self.ordered and self.followers_wait:
            aside |= {at for at in batch if self._waits(at, {*bad, *world.letters})}
        found = sorted(aside)
        if self.numbered == "as found":
            found.sort(key=lambda at: at not in bad or self.log[at].kind != "unknown")
        applied = tuple(at for at in batch if at not in aside)
        name = f"the lane applies {list(applied)} and sets aside {found}"
        letters, applied = (*world.letters, *found), (*world.applied, *applied)
        return Step(name, world._replace(offset=batch.stop, letters=letters, applied=applied))

    def _waits(self, at: int, aside: set[int]) -> bool:
        return any(before < at and self.log[before].key == self.log[at].key for before in aside)

    def _candidates(self, world: World) -> list[int]:
        """The letters that may be replayed now, with a chance of success."""
        keys: set[int] = set()
        first = []
        for at in world.letters:
            if self.log[at].key not in keys or self.pick == "any":
                first.append(at)
            keys.add(self.log[at].key)
        return [at for at in first if self.log[at].kind in world.mended]

    def _replay(self, world: World, number: int, replay: Replay) -> Step[World]:
        name = f"operator {number}"
        settled = world._replace(letters=tuple(at for at in world.letters if at != replay.at))
        applied = (*world.applied, replay.at)
        if self.replay == "together":
            if replay.at not in world.letters:
                return Step(f"{name} finds it settled", world.occupy(number, None))
            return Step(f"{name} commits effect and state", settled._replace(applied=applied).occupy(number, None))
        effect_now = (self.replay == "effect first") != replay.half
        then = world._replace(applied=applied) if effect_now else settled
        what = f"{name} commits the {'effect' if effect_now else 'state'}"
        return Step(what, then.occupy(number, None if replay.half else replay._replace(half=True)))

    def wrong(self, world: World, *, at_rest: bool) -> str | None:
        if len(set(world.applied)) < len(world.applied):
            return f"applied twice: {world.applied}"
        for key in {record.key for record in self.log} if self.ordered else ():
            order = [at for at in world.applied if self.log[at].key == key]
            if order != sorted(order):
                return f"key {key} out of order: {order}"
        lost = [at for at in range(len(self.log)) if at not in world.applied]
        return f"lost: {lost}" if at_rest and lost else None
