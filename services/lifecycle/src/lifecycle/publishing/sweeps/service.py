from itertools import islice

from common.bus.locks import lock_lanes
from common.db import Database
from lifecycle.batches import service as batches
from lifecycle.publishing.sweeps.domain import moving
from lifecycle.publishing.walks import service as walks
from lifecycle.publishing.walks.domain import Walk
from lifecycle.resources import Resources
from lifecycle.stepping.clocks import service as clocks

STRETCH = 2_000
"""Members that one transaction looks at."""
MOVED = 500
"""Of those, whom it moves."""


async def advance(db: Database, walk: Walk) -> bool:
    """Take some more members to the version; False while its moment has not come for the lane."""
    resources: Resources = db.resources
    async with db.transaction() as uow:
        await lock_lanes(uow, uow.service, [walk.lane])
        time = (await clocks.turn(uow, [walk.lane]))[walk.lane]
        versions = await resources.versions.at(uow, time.revision)
        version = next(each for each in versions.published if each.number == walk.version)
        if time.watermark is None or time.watermark < version.effective_at:
            return False
        members = await walks.next_outlines(uow, walk, limit=STRETCH)
        leaving = [*islice(moving(versions, members, walk.version), MOVED)]
        seen = members if len(leaving) < MOVED else members[: members.index(leaving[-1]) + 1]
        if leaving:
            await batches.wake(uow, [each.member_id for each in leaving])
        await walks.advance(
            uow,
            walk,
            last_id=seen[-1].member_id if seen else None,
            members=len(seen),
            found={"moved": walk.found.get("moved", 0) + len(leaving)},
            is_finished=len(seen) < STRETCH and seen is members,
        )
    return True
