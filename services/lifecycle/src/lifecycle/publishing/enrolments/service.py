"""Enrolments are proposed (for how many?), confirmed for about as many, and carried out at their pace by whoever has a lane."""

from uuid import UUID

from common.bus.locks import EVERY_LANE, lock_lanes
from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import new_id
from lifecycle.batches import service as batches
from lifecycle.errors import EnrolmentEnded, EnrolmentUnknown, MembersChanged, RuleUnknown, StandingUnknown
from lifecycle.members.domain import Member
from lifecycle.publishing.changes import service as changes
from lifecycle.publishing.enrolments import repository
from lifecycle.publishing.enrolments.domain import Among, allowed, is_about
from lifecycle.publishing.walks import service as walks
from lifecycle.publishing.walks.domain import Walk
from lifecycle.resources import Resources

STRETCH = 500
"""Members that one transaction looks at."""


async def propose(
    uow: UnitOfWork, *, rule: str, among: Among, per_minute: int, operator_id: UUID | None, note: str
) -> Record:
    """Count whom it would be brought to. Raises RuleUnknown, StandingUnknown."""
    resources: Resources = uow.resources
    engine = await resources.versions.engine_at(uow, uow.now)
    if rule not in engine.rules:
        raise RuleUnknown(f"the policy in force has no rule {rule!r}")
    for dimension in ("stage", "health"):
        value = getattr(among, dimension)
        if value is not None and engine.dimension_of.get(value) != dimension:
            raise StandingUnknown(f"{dimension}: the policy in force has no {value!r}")
    if among.segment is not None and engine.dimension_of.get(among.segment) != among.segment:
        raise StandingUnknown(f"segment: the policy in force has no {among.segment!r}")
    made = await repository.insert(
        uow,
        new_id(),
        rule=rule,
        stage=among.stage,
        health=among.health,
        segment=among.segment,
        per_minute=per_minute,
        members=await _count(uow, among),
        operator_id=operator_id,
        note=note,
    )
    if made is None:
        raise AssertionError("an insert returns its row")
    return made


async def confirm(uow: UnitOfWork, enrolment_id: UUID, *, members: int, operator_id: UUID | None) -> Record:
    """Let it begin, for about as many members as whoever confirms has seen. Raises EnrolmentUnknown, EnrolmentEnded,
    MembersChanged.
    """
    await changes.begin(uow)
    proposed = await get(uow, enrolment_id)
    now = await _count(uow, _among(proposed))
    if not is_about(members, now):
        raise MembersChanged(f"it would be brought to {now} members now, not to {members}", current={"members": now})
    confirmed = await repository.confirm(uow, enrolment_id, operator_id=operator_id)
    if confirmed is None:
        raise EnrolmentEnded(f"the enrolment is {proposed['state']}")
    await walks.begin(uow, enrolment_id, "enrolment")
    return confirmed


async def stop(uow: UnitOfWork, enrolment_id: UUID, *, operator_id: UUID | None) -> Record:
    """Bring it to nobody else. What was asked for stays asked for. Raises EnrolmentUnknown, EnrolmentEnded."""
    await changes.begin(uow)
    stopped = await repository.stop(uow, enrolment_id, operator_id=operator_id)
    if stopped is None:
        raise EnrolmentEnded(f"the enrolment is {(await get(uow, enrolment_id))['state']}")
    await walks.end(uow, enrolment_id)
    return stopped


async def get(reader: Database | UnitOfWork, enrolment_id: UUID) -> Record:
    """Raises EnrolmentUnknown."""
    found = await repository.find(reader, enrolment_id)
    if found is None:
        raise EnrolmentUnknown(f"there is no enrolment {enrolment_id}")
    return found


async def list_enrolments(db: Database, *, before: int = 0, limit: int) -> list[Record]:
    """Newest first."""
    return await repository.list_enrolments(db, before=before, limit=limit)


async def advance(db: Database, walk: Walk) -> bool:
    """Bring it to some more members of a lane; False while its pace allows none."""
    enrolment_id = UUID(walk.what_for)
    async with db.transaction() as uow:
        await lock_lanes(uow, uow.service, [walk.lane])
        enrolment = await get(uow, enrolment_id)
        done: int = walk.found.get("enrolled", 0)
        room = allowed(
            enrolment["per_minute"], lanes=len(EVERY_LANE), started_at=walk.started_at, now=uow.now, done=done
        )
        if room == 0:
            return False
        seen, chosen = _chosen(await walks.next_members(uow, walk, limit=STRETCH), _among(enrolment), room)
        brought = await batches.enrol(uow, chosen, rule=enrolment["rule"], enrolment_id=enrolment_id)
        await walks.advance(
            uow,
            walk,
            last_id=seen[-1].member_id if seen else None,
            members=len(seen),
            found={"enrolled": done + len(brought)},
            is_finished=len(seen) < STRETCH and len(chosen) < room,
        )
        if await walks.is_finished(uow, enrolment_id, "enrolment"):
            await repository.finish(uow, enrolment_id)
    return True


def _chosen(members: list[Member], among: Among, room: int) -> tuple[list[Member], list[UUID]]:
    """Those who were looked at, and the ids of those among them who are meant: at most so many."""
    chosen: list[UUID] = []
    for number, member in enumerate(members):
        if len(chosen) == room:
            return members[:number], chosen
        if among.has(member):
            chosen.append(member.member_id)
    return members, chosen


def _among(row: Record) -> Among:
    return Among(stage=row["stage"], health=row["health"], segment=row["segment"])


async def _count(reader: UnitOfWork, among: Among) -> int:
    return await repository.count(reader, stage=among.stage, health=among.health, segment=among.segment)
