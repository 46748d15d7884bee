"""A rolling deploy: an old and a new version of one group take turns on the lane while records of new types come in.

The log is a fixed row of records. Both versions handle `plain`; the old one's catalogue has no `new`; both know `added`, but
only the new version has a handler for it. A turn has two steps, so that a replay can fall between what it saw and what it
commits; a version that stops in the middle of its turn leaves nothing behind.

Checked: nothing is applied twice; if handlers declare order, the records of a key are applied in order; at rest every
`plain` and `new` record has been applied; and the records that a handler has seen have no hole: once an `added` record was
applied, so is every later one.

Not modelled: cursors and crashes (`postgres_bus`), poison (`dead_letters`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from model.search import NO_FAULTS, Faults, Step

Version = Literal["old", "new"]
Type = Literal["plain", "new", "added"]


class Record(NamedTuple):
    type: Type
    key: int = 0


class Turn(NamedTuple):
    version: Version
    key_waits: bool  # an earlier record of the key was parked when the turn began


class World(NamedTuple):
    faults: Faults
    running: tuple[Version, ...] = ("old",)
    newest: Version = "old"  # that has ever committed a turn
    offset: int = 0
    turn: Turn | None = None
    parked: tuple[int, ...] = ()
    replaying: int | None = None
    applied: tuple[int, ...] = ()

    def start(self, version: Version) -> "World":
        return self._replace(running=(*self.running, version))

    def stop(self, version: Version) -> "World":
        turn = None if self.turn is not None and self.turn.version == version else self.turn
        replaying = None if version == "new" else self.replaying
        running = tuple(other for other in self.running if other != version)
        return self._replace(running=running, turn=turn, replaying=replaying)


@dataclass(frozen=True)
class Deploying:
    """The defaults are the protocol; each other value takes one of its rules away."""

    log: tuple[Record, ...] = (Record("plain"), Record("new"), Record("plain"), Record("new", 1), Record("plain"))
    ordered: bool = True
    unknown: Literal["parked", "skipped"] = "parked"
    followers_wait: bool = True  # later records of a key are parked behind an earlier one
    replay: Literal["first", "any"] = "first"
    overlap: bool = True  # the new version starts before the old one has stopped
    fence: bool = True  # a version takes no turn after a newer one has
    faults: Faults = NO_FAULTS

    def initial(self) -> World:
        return World(faults=self.faults)

    def steps(self, world: World) -> Iterator[Step[World]]:
        yield from self._deploy(world)
        if world.turn is None:
            for version in world.running:
                if world.offset < len(self.log) and not (self.fence and version != world.newest == "new"):
                    waits = any(self.log[at].key == self.log[world.offset].key for at in world.parked)
                    then = world._replace(turn=Turn(version, waits))
                    yield Step(f"the {version} version reads {self._name(world.offset)}", then)
        else:
            yield self._commit(world, world.turn)
        if world.replaying is not None:
            parked = tuple(at for at in world.parked if at != world.replaying)
            then = world._replace(parked=parked, replaying=None, applied=(*world.applied, world.replaying))
            yield Step(f"{self._name(world.replaying)} has been replayed", then)
        elif "new" in world.running:
            for at in world.parked[: 1 if self.replay == "first" else None]:
                yield Step(f"{self._name(at)} is being replayed", world._replace(replaying=at))

    def _name(self, at: int) -> str:
        return f"record {at} ({self.log[at].type}, key {self.log[at].key})"

    def _deploy(self, world: World) -> Iterator[Step[World]]:
        if "new" not in world.running and (self.overlap or "old" not in world.running):
            yield Step("the new version starts", world.start("new"))
        if "old" in world.running and ("new" in world.running or not self.overlap):
            yield Step("the old version stops", world.stop("old"))
        if world.running == ("new",) and world.faults.allow("roll back"):
            back = world._replace(faults=world.faults.without("roll back")).stop("new").start("old")
            yield Step("the deploy is rolled back", back, optional=True)

    def _commit(self, world: World, turn: Turn) -> Step[World]:
        at, record = world.offset, self.log[world.offset]
        name = f"the {turn.version} version "
        then = world._replace(offset=at + 1, turn=None, newest="new" if turn.version == "new" else world.newest)
        if turn.version == "old" and record.type == "new":
            if self.unknown == "skipped":
                return Step(f"{name}does not know it and skips it", then)
            return Step(f"{name}does not know it and parks it", then._replace(parked=(*world.parked, at)))
        if turn.version == "old" and record.type == "added":
            return Step(f"{name}has no handler and passes over it", then)
        if self.ordered and self.followers_wait and turn.key_waits:
            return Step(f"{name}parks it behind an earlier one", then._replace(parked=(*world.parked, at)))
        return Step(f"{name}applies it", then._replace(applied=(*world.applied, at)))

    def wrong(self, world: World, *, at_rest: bool) -> str | None:
        if len(set(world.applied)) < len(world.applied):
            return f"applied twice: {world.applied}"
        for key in {record.key for record in self.log} if self.ordered else ():
            order = [at for at in world.applied if self.log[at].key == key]
            if order != sorted(order):
                return f"key {key} out of order: {order}"
        if not at_rest:
            return None
        lost = [at for at, record in enumerate(self.log) if record.type != "added" and at not in world.applied]
        if lost:
            return f"lost: {lost}"
        added = [at in world.applied for at, record in enumerate(self.log) if record.type == "added"]
        return f"a hole in what the added handler has seen: {added}" if added != sorted(added) else None
