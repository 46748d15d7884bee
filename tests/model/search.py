"""Search through every state that a small model of the log can reach, shortest way first.

A model names the steps that are possible in a state and says what is wrong with a state. A step is atomic; whatever can
happen between two steps of one part does happen, in every order. The search ends in one of three ways:

- something is wrong: the verdict holds what, and a shortest trace that leads there;
- nothing is wrong in any reachable state: the verdict says how many there were;
- the scope is larger than its limit: `TooManyStates`. It never stops silently, so "holds" always means "all of them".

An *optional* step may happen and need not: a fault, or somebody's wish. A state with no other steps is *at rest*, and
there a model checks that everything was done. For that to mean something, the search also checks that rest can be reached
from everywhere without an optional step: a protocol that turns in circles for ever is wrong too.
"""

from array import array
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, Self, TypeVar

State = TypeVar("State", bound=Hashable)


class Step(NamedTuple, Generic[State]):
    name: str
    state: State
    optional: bool = False


class Model(Protocol[State]):
    def initial(self) -> State: ...

    def steps(self, state: State, /) -> Iterable[Step[State]]: ...

    def wrong(self, state: State, /, *, at_rest: bool) -> str | None:
        """What must not be in this state, in words; `at_rest`: nothing more happens here unless an optional step does."""


class Faults(NamedTuple):
    """What may still go wrong: each kind as often as it is named, and `left` of them in all."""

    kinds: tuple[str, ...] = ()
    left: int = 0

    def allow(self, kind: str) -> bool:
        return self.left > 0 and kind in self.kinds

    def without(self, kind: str) -> Self:
        """What is left after one of this kind happened."""
        at = self.kinds.index(kind)
        left = self.left - 1
        return self._replace(kinds=self.kinds[:at] + self.kinds[at + 1 :] if left else (), left=left)


NO_FAULTS = Faults()


def faults(*kinds: str, left: int | None = None) -> Faults:
    """These, all of them or so many."""
    return Faults(kinds, len(kinds) if left is None else left)


@dataclass(frozen=True)
class Verdict:
    """`wrong` is None when no reachable state is wrong; then `states` is the number of all of them."""

    states: int
    wrong: str | None = None
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.wrong is None:
            return f"holds in all {self.states} states"
        return "\n".join([self.wrong, *(f"  {number:2d}. {name}" for number, name in enumerate(self.trace, 1))])


class TooManyStates(Exception):
    """The scope does not fit its limit: nothing is known about it. Make it smaller, or raise the limit knowingly."""


class _Graph(Generic[State]):
    """The states found so far, each with a shortest way to it, and the steps between them that must happen."""

    def __init__(self, initial: State) -> None:
        self.states = [initial]
        self.at_rest = bytearray()
        self._numbers = {initial: 0}
        self._origins: list[tuple[int, str]] = [(0, "")]
        self._sources, self._targets = array("i"), array("i")

    def expand(self, number: int, steps: Iterable[Step[State]]) -> bool:
        """Add where the steps lead; true when the state is at rest."""
        at_rest = True
        for name, state, optional in steps:
            target = self._numbers.setdefault(state, len(self.states))
            if target == len(self.states):
                self.states.append(state)
                self._origins.append((number, name))
            if not optional:
                at_rest = False
                self._sources.append(number)
                self._targets.append(target)
        self.at_rest.append(at_rest)
        return at_rest

    def trace(self, number: int) -> tuple[str, ...]:
        names = []
        while number:
            number, name = self._origins[number]
            names.append(name)
        return tuple(reversed(names))

    def first_restless(self) -> int | None:
        """The first state from which rest cannot be reached by itself."""
        settles = bytearray(self.at_rest)
        changed = True
        while changed:
            changed = False
            for source, target in zip(reversed(self._sources), reversed(self._targets), strict=True):
                if settles[target] and not settles[source]:
                    settles[source] = changed = True
        number = settles.find(0)
        return None if number < 0 else number


def search(model: Model[State], *, limit: int) -> Verdict:
    """Look at every reachable state of the model, at most `limit` of them."""
    graph = _Graph(model.initial())
    for number, state in enumerate(graph.states):  # the list grows while it is read: this is the queue
        at_rest = graph.expand(number, model.steps(state))
        wrong = model.wrong(state, at_rest=at_rest)
        if wrong is not None:
            return Verdict(len(graph.states), wrong, graph.trace(number))
        if len(graph.states) > limit:
            raise TooManyStates(f"{model} has more than {limit} states")
    restless = graph.first_restless()
    if restless is not None:
        return Verdict(len(graph.states), "never comes to rest", graph.trace(restless))
    return Verdict(len(graph.states))
