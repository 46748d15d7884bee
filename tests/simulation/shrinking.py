"""Shrinking 縮減: the fewest acts, with the least left to chance, that still break the same law."""

import msgspec

from simulation.broken import LawBroken
from simulation.laws import check
from simulation.mutants import Mutants
from simulation.scripts import Act, Script
from simulation.worlds import World

MOST_TRIES = 600


class Failure(msgspec.Struct, frozen=True):
    script: Script
    world: World
    error: Exception

    @property
    def name(self) -> str:
        """By which two failures are the same."""
        return f"law {self.error.law}" if isinstance(self.error, LawBroken) else type(self.error).__name__


def failure_of(script: Script, mutants: Mutants | None = None) -> Failure | None:
    """What goes wrong in its world; None: nothing does."""
    world = World(script, mutants)
    try:
        world.play()
        check(world)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is to be shown
        return Failure(script, world, error)
    return None


def shrunk(failure: Failure) -> Failure:
    """Acts are taken away by halves, quarters and so on, then one by one; then the dice are."""
    tries = iter(range(MOST_TRIES))

    def still(acts: tuple[Act, ...]) -> Failure | None:
        if next(tries, None) is None:
            return None
        script = msgspec.structs.replace(failure.script, acts=acts)
        found = failure_of(script, failure.world.mutants)
        return found if found is not None and found.name == failure.name else None

    size = max(1, len(failure.script.acts) // 2)
    while True:
        start, smaller = 0, False
        while start < len(failure.script.acts):
            acts = failure.script.acts
            if found := still((*acts[:start], *acts[start + size :])):
                failure, smaller = found, True
            else:
                start += size
        if size == 1 and not smaller:
            break
        size = max(1, size // 2)
    for number, act in enumerate(failure.script.acts):
        acts = failure.script.acts
        calm = (*acts[:number], msgspec.structs.replace(act, dice=0), *acts[number + 1 :])
        failure = still(calm) or failure
    return failure
