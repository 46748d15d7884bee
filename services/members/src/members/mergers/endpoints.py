from uuid import UUID

from fastapi import APIRouter, Response

from common.auth.access import Operator
from common.connection import Record
from common.db import UnitOfWork
from common.http.dependencies import Db
from common.http.idempotency import OnceKey, run_once
from members.mergers import service
from members.mergers.schemas import IdentityViews, MergeMember, MergerView

router = APIRouter(tags=["mergers"])


def _view(row: Record) -> MergerView:
    return MergerView(**{name: row[name] for name in MergerView.model_fields})


@router.post("/members/{member_id}/merge", operation_id="merge_members", status_code=201, response_model=MergerView)
async def merge_members(member_id: UUID, body: MergeMember, operator: Operator, db: Db, key: OnceKey) -> Response:
    """Say that two accounts are one person's 會員合併: the younger one is the older from now on. Both sign in as before and keep
    their coupons and points.
    """

    async def action(uow: UnitOfWork) -> MergerView:
        return _view(await service.merge(uow, member_id, into=body.into, actor_id=operator.id))

    return await run_once(db, key, action)


@router.post("/members/{member_id}/unmerge", operation_id="unmerge_member", status_code=201, response_model=MergerView)
async def unmerge_member(member_id: UUID, operator: Operator, db: Db, key: OnceKey) -> Response:
    """Undo a merger that was a mistake: the account is on its own again."""

    async def action(uow: UnitOfWork) -> MergerView:
        return _view(await service.unmerge(uow, member_id, actor_id=operator.id))

    return await run_once(db, key, action)


@router.get("/members/{member_id}/identities", operation_id="list_identities")
async def list_identities(member_id: UUID, _: Operator, db: Db) -> IdentityViews:
    """All accounts of the person whose account this is."""
    root_id, merged = await service.identities(db, member_id)
    return IdentityViews(root_id=root_id, merged=[_view(row) for row in merged])
