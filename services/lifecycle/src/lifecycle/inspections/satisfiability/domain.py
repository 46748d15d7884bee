"""Satisfiability 可滿足: whether conditions can hold together for any member at any moment.

What is said to be impossible is. What is said to be possible may yet not be: metrics that count the same events, lengths that
depend on the day, ages against one another and texts in order are not compared, and a search that grows too large is given up.
"""

from collections.abc import Iterator

from lifecycle.conditions.expressions.domain import And, Condition, Not, Or
from lifecycle.inspections.demands.domain import Alternative, Wanted, alternatives
from lifecycle.inspections.possibilities.domain import Possibilities, narrowed
from lifecycle.inspections.worlds.domain import World

MOST_WORK = 200_000
_EACH_STEP = 50


class TooLarge(Exception):
    """The search was given up."""


class _Work:
    """What is left of it. A step draws conclusions about each pair of what is known."""

    def __init__(self) -> None:
        self.left = MOST_WORK

    def step(self, state: Possibilities) -> None:
        self.left -= _EACH_STEP + len(state) ** 2
        if self.left < 0:
            raise TooLarge


def can_hold(world: World, *wanted: Wanted) -> bool:
    """Whether a member can fulfil all of that at once."""
    try:
        return any(True for _ in ways(world, *wanted))
    except TooLarge:
        return True


def ways(world: World, *wanted: Wanted) -> Iterator[Possibilities]:
    """Whoever fulfils all of that is in one of these. Raises TooLarge."""
    yield from _search(world, list(wanted), [], {}, _Work())


def always_holds(world: World, condition: Condition, *given: Wanted) -> bool:
    return not can_hold(world, *given, (condition, False))


def _search(
    world: World, wanted: list[Wanted], choices: list[tuple[Alternative, ...]], state: Possibilities, work: _Work
) -> Iterator[Possibilities]:
    """What leaves no choice is done first, then every alternative of the smallest choice is tried."""
    while wanted:
        options = _options(world, *wanted.pop())
        if len(options) == 1:
            work.step(state)
            after = narrowed(world, state, options[0].demands)
            if after is None:
                return
            state = after
            wanted.extend(options[0].wanted)
        elif options:
            choices = [*choices, options]
        else:
            return
    if not choices:
        yield state
        return
    choice = min(choices, key=len)
    rest = [each for each in choices if each is not choice]
    for option in choice:
        work.step(state)
        after = narrowed(world, state, option.demands)
        if after is not None:
            yield from _search(world, list(option.wanted), rest, after, work)


def _options(world: World, condition: Condition, holds: bool) -> tuple[Alternative, ...]:
    match condition:
        case Not(child):
            return _options(world, child, not holds)
        case And(conditions) | Or(conditions):
            children = tuple((child, holds) for child in conditions)
            if isinstance(condition, And) is holds:
                return (Alternative(wanted=children),)
            return tuple(Alternative(wanted=(child,)) for child in children)
    return alternatives(world, condition, holds=holds)
