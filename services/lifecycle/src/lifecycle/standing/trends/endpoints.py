from typing import Annotated

from fastapi import APIRouter, Query

from common.auth.access import Operator
from common.http.dependencies import CurrentRuntime, Db
from lifecycle.resources import Resources
from lifecycle.standing.transitions.schemas import FromDay, Period, ToDay
from lifecycle.standing.trends import service
from lifecycle.standing.trends.domain import Stand
from lifecycle.standing.trends.schemas import StandingOfPeriod, StandingTrend

router = APIRouter(tags=["members"])


@router.get("/standing-trend", operation_id="get_standing_trend")
async def get_standing_trend(
    _: Operator,
    db: Db,
    runtime: CurrentRuntime,
    first: FromDay,
    last: ToDay,
    by: Annotated[Period, Query(description="At the end of each business day or calendar month.")] = "day",
) -> StandingTrend:
    """How many members were in each stage, health and segment at the end of each business day or month 趨勢."""
    resources: Resources = runtime.resources
    engine = await resources.versions.engine_at(db, db.clock.now())
    found = await service.standing_by(db, engine.calendar, first=first, last=last, by=by)
    items = [
        StandingOfPeriod(
            period=period,
            stages=_of(stands, "stage"),
            health=_of(stands, "health"),
            segments={value: members for (name, value), members in stands.items() if name not in {"stage", "health"}},
        )
        for period, stands in found
    ]
    return StandingTrend(time_zone=engine.policy.tz, items=items)


def _of(stands: dict[Stand, int], dimension: str) -> dict[str, int]:
    return {value: members for (name, value), members in stands.items() if name == dimension}
