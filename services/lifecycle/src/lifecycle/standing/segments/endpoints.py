from fastapi import APIRouter

from common.auth.access import Operator
from common.http.dependencies import CurrentRuntime, Db
from common.http.fields import Code
from common.http.pages import Page, PageQuery, page
from lifecycle.errors import SegmentUnknown
from lifecycle.policy.titles.domain import titles_of
from lifecycle.policy.titles.schemas import TitleView
from lifecycle.resources import Resources
from lifecycle.standing.segments import service
from lifecycle.standing.segments.schemas import SegmentMemberView, SegmentView, SegmentViews

router = APIRouter(tags=["segments"])


@router.get("/segments", operation_id="list_segments")
async def list_segments(_: Operator, db: Db, runtime: CurrentRuntime) -> SegmentViews:
    """The segments of the policy in force, and how many members each has now."""
    resources: Resources = runtime.resources
    engine = await resources.versions.engine_at(db, db.clock.now())
    counts = await service.counts(db)
    titles = titles_of(engine.policy)["value"]
    items = [
        SegmentView(
            name=segment.name,
            title=TitleView.model_validate(titles[segment.name]) if segment.name in titles else None,
            condition=str(segment.condition),
            members=counts.get(segment.name, 0),
        )
        for segment in engine.policy.segments
    ]
    return SegmentViews(version=engine.version, items=items)


@router.get("/segments/{name}/members", operation_id="list_segment_members")
async def list_segment_members(
    name: Code, _: Operator, db: Db, runtime: CurrentRuntime, pages: PageQuery
) -> Page[SegmentMemberView]:
    """Who is in a segment now, in the order of their ids."""
    resources: Resources = runtime.resources
    policy = (await resources.versions.engine_at(db, db.clock.now())).policy
    rows = await service.list_members(db, name, after=pages.after, limit=pages.limit)
    if not rows and name not in {segment.name for segment in policy.segments}:
        raise SegmentUnknown(f"the policy in force has no segment {name!r}")
    views = [SegmentMemberView(**dict(row)) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].member_id if views else None)
