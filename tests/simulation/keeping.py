"""What the lifecycle's database keeps, in memory: a batch is written whole or not at all, by whoever has its lanes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from lifecycle.facts.domain import Facts
from lifecycle.journal.domain import Entry, unpacked_events
from lifecycle.policy.domain import Policy
from lifecycle.publishing.backfills.domain import counted, counted_anew
from lifecycle.publishing.changes.domain import Change, InForce, in_force
from lifecycle.publishing.enrolments.domain import Among
from lifecycle.publishing.versions.domain import Version, Versions
from lifecycle.publishing.versions.service import since
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.domain import Arrival
from lifecycle.stepping.waiting.domain import Turn
from simulation.logs import Log, Row
from simulation.policies import engine_of


@dataclass(frozen=True)
class LaneClock:
    gate: datetime
    watermark: datetime | None = None


@dataclass(frozen=True)
class Happened:
    """What was told of a member, under the clock of its batch."""

    member_id: UUID
    lane: int
    gate: datetime
    told: Transition | Decision


@dataclass(frozen=True)
class Folded:
    """An event that is in its member, and the version of the policy that they lived by then."""

    arrival: Arrival
    version: int
    gate: datetime


@dataclass(frozen=True)
class Enrolment:
    enrolment_id: UUID
    rule: str
    among: Among


@dataclass(frozen=True)
class Brought:
    """A rule by an enrolment to a member, who lived by that version then."""

    rule: str
    member_id: UUID
    version: int
    gate: datetime


@dataclass
class Walk:
    what_for: int | Enrolment
    """The version's number, or what is brought."""
    kind: str
    lane: int
    last_id: int = -1
    is_finished: bool = False


@dataclass
class Kept:
    members: dict[UUID, bytes] = field(default_factory=dict)
    timers: dict[UUID, datetime] = field(default_factory=dict)
    waiting: dict[UUID, list[Turn[Row]]] = field(default_factory=lambda: defaultdict(list))
    waited: int = 0
    clocks: dict[int, LaneClock] = field(default_factory=dict)
    read: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    """By lane and producer, how many of the lane's rows are in the members."""
    journal: dict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    changes: list[Change] = field(default_factory=list)
    policies: dict[int, Policy] = field(default_factory=dict)
    walks: list[Walk] = field(default_factory=list)
    letters: list[Row] = field(default_factory=list)
    """Set aside: to be replayed by an operator."""
    log: Log = field(default_factory=lambda: Log("lifecycle"))
    happened: list[Happened] = field(default_factory=list)
    folded: dict[UUID, list[Folded]] = field(default_factory=lambda: defaultdict(list))
    """By member, what was stepped, in that order."""
    overtaken: set[UUID] = field(default_factory=set)
    """Members of whom an event was read after time had passed beyond it: a clock was wrong, or it had been set aside."""
    brought: list[Brought] = field(default_factory=list)
    _versions: dict[int, Versions] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        return len(self.changes)

    @property
    def in_force(self) -> InForce:
        return in_force(self.changes)

    def record(self, change: Change) -> None:
        self.changes.append(change)

    def clock(self, lane: int, now: datetime, watermark: datetime | None = None) -> LaneClock:
        """Where the lane's clocks stand when they are turned: they never go back."""
        known = self.clocks.get(lane)
        stated = [moment for moment in (watermark, known.watermark if known else None) if moment is not None]
        return LaneClock(max(now, known.gate) if known else now, max(stated, default=None))

    def versions(self, revision: int) -> Versions:
        if revision not in self._versions:
            made = self.changes[:revision]
            state = in_force(made)
            engines = {number: engine_of(policy, number) for number, policy in self.policies.items()}
            self._versions[revision] = Versions(
                published=tuple(
                    Version(engine=replace(engines[number], paused=state.paused), effective_at=moment)
                    for number, moment in state.published
                ),
                prepared=tuple(engines[number] for number in state.prepared),
                since=since(made, engines),
                revision=revision,
            )
        return self._versions[revision]

    def is_filled(self, version: int) -> bool:
        return all(walk.is_finished for walk in self.walks if (walk.what_for, walk.kind) == (version, "backfill"))

    def backfill(self, version: int, lane: int) -> dict[UUID, Facts]:
        """What a version counts anew of a lane: of all that its journal took in before the version was prepared."""
        versions = self.versions(self.revision)
        engine = next(each for each in versions.prepared if each.version == version)
        revision = max(versions.since[place] for place in engine.numbers.values())
        folds, parts = counted_anew(engine, versions.since, revision=revision), dict[UUID, Facts]()
        for entry in before(self.journal[lane], revision):
            counted(parts, unpacked_events(entry.inputs), folds)
        return parts


def before(entries: Iterable[Entry], revision: int) -> list[Entry]:
    """Those of events, taken in before a revision."""
    return [entry for entry in entries if entry.kind == "events" and entry.revision < revision]
