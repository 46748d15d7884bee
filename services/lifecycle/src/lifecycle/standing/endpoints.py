from fastapi import APIRouter

from common.auth.access import Operator
from common.http.dependencies import CurrentRuntime, Db
from lifecycle.resources import Resources
from lifecycle.standing import service
from lifecycle.standing.schemas import StandingCount, StandingCounts

router = APIRouter(tags=["members"])


@router.get("/standing-counts", operation_id="count_standings")
async def count_standings(_: Operator, db: Db, runtime: CurrentRuntime) -> StandingCounts:
    """How many members are in each stage 階段 and health 健康度, and in both."""
    resources: Resources = runtime.resources
    items = [StandingCount(**dict(row)) for row in await service.counts(db)]
    stages = {value.name: 0 for value in resources.engine.policy.stages}
    health = {value.name: 0 for value in resources.engine.policy.health}
    for item in items:
        stages[item.stage] = stages.get(item.stage, 0) + item.members
        health[item.health] = health.get(item.health, 0) + item.members
    return StandingCounts(members=sum(stages.values()), stages=stages, health=health, items=items)
