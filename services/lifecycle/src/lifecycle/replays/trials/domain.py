"""A trial 試演 of a lane: what happened and what a draft would have done, from one reading of the journal, and how they differ.

Without a draft, what happened alone; without a published policy, the draft alone.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.event import Event
from lifecycle.authoring.domain import Numbers, author
from lifecycle.engine.domain import Engine, compiled
from lifecycle.journal.domain import Entry
from lifecycle.members.domain import decode
from lifecycle.publishing.versions.domain import Versions
from lifecycle.replays.domain import Happened, Population, Taken, replayed
from lifecycle.replays.projections.domain import Difference
from lifecycle.replays.rehearsals.domain import NO_LETTERS, Rehearsal
from lifecycle.replays.surveys.domain import Survey, Surveyor, added


class Overlap(msgspec.Struct):
    """Actions of one rule."""

    both: int = 0
    happened: int = 0
    """Only in what happened."""
    tried: int = 0
    """Only under the draft."""


class Found(msgspec.Struct, kw_only=True):
    """Of one lane, or of several added up."""

    entries: int = 0
    events: int = 0
    happened: Survey | None = None
    tried: Survey | None = None
    overlaps: dict[str, Overlap] = {}
    """By rule."""
    stages: Counter[tuple[str | None, str | None]] = msgspec.field(default_factory=Counter)
    """(stage in what happened, stage under the draft) → members, in the end."""
    partial: bool = False
    """It was ended before the journal was."""


class DraftText(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that is tried, as it was written."""

    text: str
    tz: str
    numbers: Numbers = Numbers()
    version: int = 1

    def engine(self) -> Engine:
        authored = author(self.text, tz=self.tz, numbers=self.numbers)
        if authored.policy is None:
            raise ValueError(f"the draft: {authored.faults[0]}")
        return compiled(authored.policy, version=self.version)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tried. Without a draft: what happened, and, if `verify`, whether the tables hold just that."""

    draft: DraftText | None = None
    since: datetime | None = None
    until: datetime | None = None
    only: UUID | None = None
    verify: bool = False


class Outcome(msgspec.Struct, kw_only=True):
    found: Found
    difference: Difference | None = None


class Trial:
    """`draft`: the other policy, to which `letters` come. `since`, `until`: the gate times between which is counted."""

    def __init__(
        self,
        lane: int,
        *,
        published: Engine | None,
        draft: Engine | None,
        since: datetime | None = None,
        until: datetime | None = None,
        only: UUID | None = None,
        letters: Mapping[UUID, Event] = NO_LETTERS,
    ) -> None:
        self.found = Found()
        self._since, self._until, self._only = since, until, only
        self.population = Population(lane)
        """As it happened."""
        self._happened = Surveyor(published, since=since, only=only) if published else None
        self._rehearsal = Rehearsal(lane, draft, since=since, only=only, letters=letters) if draft else None
        self._tried = Surveyor(draft, since=since, only=only) if draft else None
        self._asked: dict[str, tuple[set[UUID], set[UUID]]] = {}

    @property
    def states(self) -> dict[UUID, bytes]:
        """Everybody as they are by now, under the draft if there is one."""
        return self._rehearsal.population.states if self._rehearsal else self.population.states

    def is_over(self, entry: Entry) -> bool:
        return self._until is not None and entry.gate_at >= self._until

    def take(
        self,
        entry: Entry,
        taken: list[Taken],
        versions: Versions | None,
        beside: Callable[[Happened], None] = lambda _: None,
    ) -> None:
        """`versions`: what was in force; None: nothing was published. `beside`: told of all that happened."""
        self.found.entries += 1
        self.found.events += len(taken)
        if self._happened is not None and versions is not None:
            for happened in replayed(self.population, versions, entry, taken, only=self._only):
                self._happened.add(happened)
                self._note(happened, 0)
                beside(happened)
        if self._rehearsal is not None and self._tried is not None:
            for happened in self._rehearsal.take(entry, taken):
                self._tried.add(happened)
                self._note(happened, 1)

    def _note(self, happened: Happened, side: int) -> None:
        if self._since is not None and happened.gate < self._since:
            return
        for decision in happened.step.stepped.decisions:
            for request in decision.requests:
                self._asked.setdefault(decision.rule, (set(), set()))[side].add(request.action_id)

    def end(self, *, partial: bool = False) -> Found:
        found, rehearsal = self.found, self._rehearsal
        found.partial = partial
        if self._happened is not None:
            found.happened = self._happened.end(self.population)
        if rehearsal is not None and self._tried is not None:
            found.tried = self._tried.end(rehearsal.population)
        if found.happened is not None and found.tried is not None and rehearsal is not None:
            found.overlaps = {
                rule: Overlap(len(ours & others), len(ours - others), len(others - ours))
                for rule, (ours, others) in self._asked.items()
            }
            for member_id in self.population.states.keys() | rehearsal.population.states.keys():
                place = _stage(self.population, member_id), _stage(rehearsal.population, member_id)
                if place != (None, None):
                    found.stages[place] += 1
        return found


def _stage(population: Population, member_id: UUID) -> str | None:
    state = population.states.get(member_id)
    member = decode(state) if state else None
    return member.stage if member is not None and member.stands else None


def together(founds: list[Found]) -> Found:
    """Of several lanes."""
    total = Found(
        entries=sum(found.entries for found in founds),
        events=sum(found.events for found in founds),
        happened=_added([found.happened for found in founds]),
        tried=_added([found.tried for found in founds]),
        partial=any(found.partial for found in founds),
    )
    for found in founds:
        total.stages.update(found.stages)
        for rule, overlap in found.overlaps.items():
            there = total.overlaps.setdefault(rule, Overlap())
            there.both += overlap.both
            there.happened += overlap.happened
            there.tried += overlap.tried
    return total


def _added(surveys: list[Survey | None]) -> Survey | None:
    there = [survey for survey in surveys if survey is not None]
    return added(there) if there else None
