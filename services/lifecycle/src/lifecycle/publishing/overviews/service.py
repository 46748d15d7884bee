"""What became of each version of the policy, and how far what follows from it has come."""

from collections import Counter, defaultdict
from datetime import datetime

from common.db import Database
from lifecycle.policy.differences.domain import differences
from lifecycle.policy.titles.domain import titles_of
from lifecycle.policy.titles.schemas import TitleViews
from lifecycle.publishing.changes import service as changes
from lifecycle.publishing.changes.domain import InForce
from lifecycle.publishing.impacts.domain import Moved, from_json
from lifecycle.publishing.schemas import (
    MovedView,
    VersionState,
    VersionSummaries,
    VersionSummary,
    VersionView,
    WalkView,
    difference_view,
)
from lifecycle.publishing.versions import service as versions
from lifecycle.publishing.walks import service as walks
from lifecycle.publishing.walks.domain import Walk
from lifecycle.standing import service as standing


async def list_versions(db: Database) -> VersionSummaries:
    made = await changes.read(db)
    state = await changes.state(db)
    now = db.clock.now()
    numbers = sorted({change.version for change in made if change.version}, reverse=True)
    items = [_summary(number, state, now) for number in numbers]
    return VersionSummaries(in_force=_in_force(state, now), paused=sorted(state.paused), items=items)


async def get_version(db: Database, number: int) -> VersionView:
    """Raises VersionUnknown."""
    text, policy = await versions.find(db, number)
    state, now = await changes.state(db), db.clock.now()
    _, before = await versions.find(db, _in_force(state, now))
    made = await walks.made_for(db, number)
    everybody = sum(count.members for count in await standing.counts(db))
    return VersionView(
        **_summary(number, state, now).model_dump(),
        text=text,
        titles=TitleViews.model_validate(titles_of(policy)),
        differences=[difference_view(each) for each in differences(before, policy)],
        walks=_progress(made, everybody),
        impact=_impact(made),
    )


def _in_force(state: InForce, now: datetime) -> int:
    return [version for version, moment in state.published if moment <= now][-1]


def _summary(number: int, state: InForce, now: datetime) -> VersionSummary:
    moments = dict(state.published)
    return VersionSummary(version=number, state=_state(number, state, now), effective_at=moments.get(number))


def _state(number: int, state: InForce, now: datetime) -> VersionState:
    if number in state.prepared:
        return "in_preparation"
    if _in_force(state, now) == number:
        return "in_force"
    if any(version == number and moment <= now for version, moment in state.published):
        return "replaced"
    return "scheduled" if number in dict(state.published) else "abandoned"


def _progress(made: list[Walk], everybody: int) -> list[WalkView]:
    by_kind: defaultdict[str, list[Walk]] = defaultdict(list)
    for walk in made:
        by_kind[walk.kind].append(walk)
    return [
        WalkView(
            kind=each[0].kind,
            members=sum(walk.members for walk in each),
            of=everybody,
            is_finished=all(walk.finished_at for walk in each),
        )
        for each in by_kind.values()
    ]


def _impact(made: list[Walk]) -> list[MovedView]:
    moved: Counter[Moved] = Counter()
    for walk in made:
        if walk.kind == "impact":
            moved += from_json(walk.found.get("moved", ()))
    return [
        MovedView(dimension=dimension, now=now, then=then, members=members)
        for (dimension, now, then), members in sorted(moved.items(), key=lambda each: (-each[1], str(each[0])))
    ]
