from uuid import UUID

from fastapi import APIRouter, Response

from common.auth.access import AnyMember, Operator
from common.connection import Record
from common.db import UnitOfWork
from common.http.dependencies import CurrentRuntime, Db
from common.http.idempotency import OnceKey, run_once
from members.accounts import service
from members.accounts.schemas import MemberView, RegisterMember
from members.accounts.service import Identity
from members.resources import Resources

router = APIRouter(tags=["accounts"])


def _view(row: Record) -> MemberView:
    return MemberView(**{**dict(row), "roles": service.roles_of(row)})


@router.post("/members", operation_id="register_member", status_code=201, response_model=MemberView)
async def register_member(body: RegisterMember, _: Operator, db: Db, runtime: CurrentRuntime, key: OnceKey) -> Response:
    """Register a person on their behalf 代客註冊; the same external id gives the same member."""
    resources: Resources = runtime.resources
    identity = None
    if body.external_id is not None:
        identity = Identity("external", resources.secrecy.hash_subject("external", body.external_id))

    async def action(uow: UnitOfWork) -> MemberView:
        member_id = await service.register(uow, channel=body.channel, referrer_id=body.referrer_id, identity=identity)
        return _view(await service.get_member(uow, member_id))

    return await run_once(db, key, action)


@router.get("/members/me", operation_id="get_own_member")
async def get_own_member(principal: AnyMember, db: Db) -> MemberView:
    """Tell the caller who they are here."""
    return _view(await service.get_member(db, principal.id))


@router.get("/members/{member_id}", operation_id="get_member")
async def get_member(member_id: UUID, _: Operator, db: Db) -> MemberView:
    """One member, without anything personal."""
    return _view(await service.get_member(db, member_id))
