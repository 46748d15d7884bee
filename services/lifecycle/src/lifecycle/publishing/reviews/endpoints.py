from fastapi import APIRouter

from common.auth.access import Operator
from common.http.dependencies import CurrentRuntime, Db
from lifecycle.inspections.circumstances.domain import Circumstances, Known
from lifecycle.publishing.reviews import service
from lifecycle.publishing.reviews.schemas import Changed, Review, ReviewOrder, finding_view
from lifecycle.publishing.schemas import PolicyText, difference_view
from lifecycle.resources import Resources

router = APIRouter(tags=["policies"])


@router.post("/policies/check", operation_id="check_policy")
async def check_policy(body: ReviewOrder, _: Operator, db: Db, runtime: CurrentRuntime) -> Review:
    """Tell what a policy cannot mean, what may be meant otherwise, and what it may cost today's members; nothing is kept."""
    known = {
        name: None if (codes := getattr(body, name)) is None else frozenset(codes)
        for name in ("messages", "channels", "teams", "endpoints")
    }
    told = Circumstances(
        coupons=body.coupons,
        currency=runtime.settings.currency,
        members=await service.members_today(db),
        known=Known(coupons=None if body.coupons is None else frozenset(body.coupons), **known),
        refusals=await service.refusals(db),
    )
    _authored, findings = await service.review(body.text, tz=runtime.settings.timezone, told=told)
    views = [finding_view(each) for each in findings]
    return Review(is_publishable=all(each.severity != "error" for each in views), findings=views)


@router.post("/policies/diff", operation_id="diff_policy")
async def diff_policy(body: PolicyText, _: Operator, db: Db, runtime: CurrentRuntime) -> Changed:
    """Tell in words what a policy changes in the one that is in force; nothing is kept."""
    resources: Resources = runtime.resources
    engine = await resources.versions.engine_at(db, db.clock.now())
    found = await service.changed(engine.policy, body.text, tz=runtime.settings.timezone)
    return Changed(version=engine.version, items=[difference_view(each) for each in found])
