"""Versions 版本 of the policy: those that were published, each with the moment that it takes effect, and those in preparation.

Every member lives by one version at a time and goes from each to the next at that moment, whenever the step comes that
takes them there. What a version to come counts is counted from its acceptance on; what happened before is back-filled.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lifecycle.engine.domain import Engine
from lifecycle.facts.domain import Facts, Fold, Telling

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""When the first version took effect."""

_Folds = tuple[Fold | Telling, ...]


@dataclass(frozen=True, kw_only=True)
class Version:
    engine: Engine
    effective_at: datetime

    @property
    def number(self) -> int:
        return self.engine.version


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What is in force at one revision of the record of changes; see `changes`."""

    published: tuple[Version, ...]
    """In the order in which they take effect."""
    prepared: tuple[Engine, ...] = ()
    """In preparation: counted already."""
    since: Mapping[int, int] = field(default_factory=dict)
    """Place in the facts → the revision from which on it was counted as events came; none: from the first on."""
    revision: int = 0
    foreseen: Mapping[int, int] = field(default_factory=dict)
    """The same as `since`, of what a replay counts at once. What was forwarded had been counted by then, or came later."""
    _order: dict[int, int] = field(init=False)
    _ahead: dict[int, dict[str, _Folds]] = field(init=False)
    _places: dict[int, frozenset[int]] = field(init=False)

    def __post_init__(self) -> None:
        engines = [version.engine for version in self.published]
        order = {engine.version: index for index, engine in enumerate(engines)}
        object.__setattr__(self, "_order", order)
        ahead = {engine.version: (*engines[index:], *self.prepared) for index, engine in enumerate(engines)}
        object.__setattr__(self, "_ahead", {number: _united(each) for number, each in ahead.items()})
        object.__setattr__(self, "_places", {number: _places(each) for number, each in ahead.items()})

    @property
    def latest(self) -> Version:
        return self.published[-1]

    def engine(self, number: int) -> Engine:
        return self.published[self._order[number]].engine

    def at(self, moment: datetime) -> Version:
        """The one that a member who is first seen then lives by."""
        begun = (version for version in reversed(self.published) if version.effective_at <= moment)
        return next(begun, self.published[0])

    def following(self, number: int) -> Version | None:
        """The one that members on that version go to next."""
        index = self._order[number] + 1
        return self.published[index] if index < len(self.published) else None

    def folds(self, number: int, event: str, *, read_at: int, forwarded: bool = False) -> Sequence[Fold | Telling]:
        """What an event counts for a member on that version. `read_at`: the revision at which it was read; what was
        counted from a later one on is back-filled, and not counted twice.
        """
        folds = self._ahead[number].get(event, ())
        foreseen = self.foreseen if forwarded else {}
        if read_at >= self.revision and not foreseen:
            return folds
        return [fold for fold in folds if foreseen.get(fold.place, self.since.get(fold.place, 0)) <= read_at]

    def kept(self, number: int, facts: Facts) -> Facts:
        """The facts that a member on that version still needs."""
        if self.keeps_all(number, facts):
            return facts
        places = self._places[number]
        return {place: fact for place, fact in facts.items() if abs(place) in places}

    def keeps_all(self, number: int, facts: Iterable[int]) -> bool:
        """Whether that is all of them. `facts`: their places."""
        places = self._places[number]
        return all(place in places or -place in places for place in facts)


def alone(engine: Engine) -> Versions:
    """One version, from the beginning on."""
    return Versions(published=(Version(engine=engine, effective_at=ALWAYS),))


def _united(engines: Iterable[Engine]) -> dict[str, _Folds]:
    """By event, each place once: the same place means the same in every version."""
    united: dict[str, dict[int, Fold | Telling]] = {}
    for engine in engines:
        for event, folds in engine.folds.items():
            by_place = united.setdefault(event, {})
            for fold in folds:
                by_place.setdefault(fold.place, fold)
    return {event: tuple(by_place.values()) for event, by_place in united.items()}


def _places(engines: Iterable[Engine]) -> frozenset[int]:
    return frozenset(place for engine in engines for place in engine.numbers.values())
