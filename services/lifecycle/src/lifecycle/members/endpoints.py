from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from common.auth.access import AnyMember, Operator
from common.http.dependencies import CurrentRuntime, Db
from common.http.fields import Code
from common.http.pages import Page, PageQuery, page
from lifecycle.actions import service as actions
from lifecycle.actions.schemas import ActionView
from lifecycle.calendars.domain import EPOCH
from lifecycle.engine.domain import Engine
from lifecycle.errors import StandingUnknown
from lifecycle.facts.domain import tally_of
from lifecycle.facts.tallies.domain import Tally
from lifecycle.identities.domain import Path
from lifecycle.members import service
from lifecycle.members.domain import Member
from lifecycle.members.schemas import (
    EpisodeView,
    IdentityView,
    MemberSummary,
    MemberView,
    MetricTotals,
    OwnStanding,
    PendingView,
)
from lifecycle.resources import Resources
from lifecycle.standing.domain import next_change_at
from lifecycle.standing.transitions import service as transitions
from lifecycle.standing.transitions.schemas import TransitionView
from lifecycle.stepping.waiting import service as waiting

router = APIRouter(tags=["members"])

RECENT = 10


@router.get("/members/me", operation_id="get_own_standing")
async def get_own_standing(principal: AnyMember, db: Db) -> OwnStanding:
    """Where the caller stands, and since when."""
    return OwnStanding(**_standing(await service.get_member(db, principal.id)))


@router.get("/members", operation_id="list_members")
async def list_members(
    _: Operator,
    db: Db,
    runtime: CurrentRuntime,
    pages: PageQuery,
    stage: Annotated[Code | None, Query(description="Only those in this stage.")] = None,
    health: Annotated[Code | None, Query(description="Only those of this health.")] = None,
) -> Page[MemberSummary]:
    """Members with what each metric counted of them, in the order of their ids."""
    resources: Resources = runtime.resources
    versions = await resources.versions.now(db)
    for dimension, value in (("stage", stage), ("health", health)):
        if value and all(version.engine.dimension_of.get(value) != dimension for version in versions.published):
            raise StandingUnknown(f"{dimension}: no policy that members live by has {value!r}")
    found = await service.list_members(db, after=pages.after, stage=stage, health=health, limit=pages.limit)
    engine = versions.at(db.clock.now()).engine
    views = [MemberSummary(**_summary(engine, member)) for member in found]
    return page(views, limit=pages.limit, last_id=views[-1].member_id if views else None)


@router.get("/members/{member_id}", operation_id="get_member")
async def get_member(member_id: UUID, _: Operator, db: Db, runtime: CurrentRuntime) -> MemberView:
    """Where a member stands, since when and by what, what waits, and what comes next."""
    resources: Resources = runtime.resources
    member = await service.get_member(db, member_id)
    engine = await resources.versions.engine_at(db, db.clock.now())
    recent = await transitions.of_member(db, member.member_id, limit=RECENT)
    asked = await actions.list_actions(db, member_id=member.member_id, limit=RECENT)
    return MemberView(
        **_summary(engine, member),
        identities=_identities(member),
        episodes=_episodes(engine, member),
        next_change_at=next_change_at(engine, member.facts, member.at),
        pending=[
            PendingView(rule=each.rule, value=each.value, episode=each.episode, due_at=each.due, since=each.since)
            for each in sorted(member.pending, key=lambda pending: pending.due)
        ],
        waiting_events=await waiting.count(db, member.member_id),
        transitions=[TransitionView(**dict(row)) for row in recent],
        actions=[ActionView(**{name: row[name] for name in ActionView.model_fields}) for row in asked],
    )


def _identities(member: Member) -> list[IdentityView]:
    known = member.kin.identities if member.kin else {}
    return [
        IdentityView(member_id=identity_id, merged_into=_merged_into(member, identity.path))
        for identity_id, identity in known.items()
    ]


def _merged_into(member: Member, path: Path) -> UUID | None:
    """A path leads from the identity through whoever passed it on."""
    if not path:
        return None
    return path[1][0] if len(path) > 1 else member.member_id


def _standing(member: Member) -> dict[str, object]:
    return {
        "stage": member.stage,
        "stage_since": member.episodes[member.stage].entered_at,
        "health": member.health,
        "health_since": member.episodes[member.health].entered_at,
    }


def _summary(engine: Engine, member: Member) -> dict[str, object]:
    return {
        **_standing(member),
        "member_id": member.member_id,
        "at": member.at,
        "version": member.version,
        "segments": sorted(member.segments),
        "segments_since": {name: member.episodes[name].entered_at for name in sorted(member.segments)},
        "metrics": {metric.name: _totals(tally_of(member.facts, metric.number)) for metric in engine.policy.metrics},
    }


def _totals(tally: Tally | None) -> MetricTotals:
    if tally is None:
        return MetricTotals(count=0, sum=0, days=0, first_day=None, last_day=None)
    return MetricTotals(
        count=tally.total_count,
        sum=tally.total_amount,
        days=tally.days,
        first_day=_date(tally.first),
        last_day=_date(tally.last),
    )


def _date(day: int | None) -> date | None:
    return None if day is None else date.fromordinal(day + EPOCH)


def _episodes(engine: Engine, member: Member) -> list[EpisodeView]:
    return [
        EpisodeView(
            dimension=engine.dimension_of.get(value, ""),
            value=value,
            number=episode.number,
            entered_at=episode.entered_at,
            cause=episode.cause,
        )
        for value, episode in sorted(member.episodes.items(), key=lambda each: each[1].entered_at)
    ]
