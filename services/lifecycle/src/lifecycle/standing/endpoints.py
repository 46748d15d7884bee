from fastapi import APIRouter

from common.auth.access import Operator
from common.http.dependencies import CurrentRuntime, Db
from lifecycle.resources import Resources
from lifecycle.standing import service
from lifecycle.standing.schemas import StandingCounts

router = APIRouter(tags=["members"])


@router.get("/standing-counts", operation_id="count_standings")
async def count_standings(_: Operator, db: Db, runtime: CurrentRuntime) -> StandingCounts:
    """How many members are in each stage 階段 and health 健康度, and in both."""
    resources: Resources = runtime.resources
    items = await service.counts(db)
    policy = (await resources.versions.engine_at(db, db.clock.now())).policy
    totals = service.totals(items, policy)
    return StandingCounts(
        members=sum(item.members for item in items), stages=totals["stage"], health=totals["health"], items=items
    )
