from common.db import Database
from lifecycle.publishing.impacts.domain import as_json, from_json, impact
from lifecycle.publishing.walks import service as walks
from lifecycle.publishing.walks.domain import Walk
from lifecycle.resources import Resources

STRETCH = 1_000
"""Members that are looked at in one go."""


async def advance(db: Database, walk: Walk) -> None:
    """Look at some more members; nothing is locked, and nobody moved."""
    resources: Resources = db.resources
    members = await walks.next_outlines(db, walk, limit=STRETCH)
    versions = await resources.versions.now(db)
    then = next((engine for engine in versions.prepared if engine.version == walk.version), None)
    found = from_json(walk.found.get("moved", ()))
    if then is not None:
        engine = versions.at(db.clock.now()).engine
        found += impact(engine, then, members, day=engine.calendar.day_of(db.clock.now()))
    async with db.transaction() as uow:
        await walks.advance(
            uow,
            walk,
            last_id=members[-1].member_id if members else None,
            members=len(members),
            found={"moved": as_json(found)},
            is_finished=len(members) < STRETCH or then is None,
        )
