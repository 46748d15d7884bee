from uuid import UUID

import structlog
from fastapi import APIRouter, Response

from common.auth.access import AnyMember, Operator
from common.http.dependencies import Db
from members.erasure import service

router = APIRouter(tags=["erasure"])
log = structlog.get_logger(__name__)


@router.delete("/members/me", operation_id="erase_own_member", status_code=204)
async def erase_own_member(principal: AnyMember, db: Db) -> Response:
    """Erase the caller for good 刪除: nobody signs in as them any more, and their data cannot be read again."""
    async with db.transaction() as uow:
        await service.erase(uow, principal.id)
    return Response(status_code=204)


@router.delete("/members/{member_id}", operation_id="erase_member", status_code=204)
async def erase_member(member_id: UUID, operator: Operator, db: Db) -> Response:
    """Erase a member on their behalf, for good."""
    async with db.transaction() as uow:
        await service.erase(uow, member_id)
    log.info("member erased", member_id=str(member_id), operator=str(operator.id))
    return Response(status_code=204)
