from uuid import UUID

from fastapi import APIRouter, Response

from common.auth.access import AnyMember, Operator
from common.auth.principal import Principal
from common.connection import Record
from common.db import Database, UnitOfWork
from common.http.dependencies import CurrentRuntime, Db
from common.http.idempotency import OnceKey, RequestKey, run_once
from common.http.pages import Page, PageQuery, PageRequest, page
from common.runtime import Runtime
from members.consents import service
from members.consents.domain import Consent
from members.consents.schemas import ConsentEntryView, ConsentView, SayConsent
from members.resources import Resources

router = APIRouter(tags=["consents"])


@router.post("/members/me/consents", operation_id="say_own_consent", status_code=201, response_model=ConsentView)
async def say_own_consent(
    body: SayConsent, principal: AnyMember, db: Db, runtime: CurrentRuntime, key: OnceKey
) -> Response:
    """Give one's consent 同意 to a purpose, or withdraw it; saying the same again changes nothing."""
    return await _say(body, principal.id, principal, db, runtime, key)


@router.get("/members/me/consents", operation_id="list_own_consents")
async def list_own_consents(principal: AnyMember, db: Db) -> list[ConsentView]:
    """What the caller says to each purpose that they were asked about."""
    return await _current(db, principal.id)


@router.get("/members/me/consents/entries", operation_id="list_own_consent_entries")
async def list_own_consent_entries(principal: AnyMember, db: Db, pages: PageQuery) -> Page[ConsentEntryView]:
    """The caller's ledger of consents, newest first."""
    return await _entries(db, principal.id, pages)


@router.post("/members/{member_id}/consents", operation_id="say_consent", status_code=201, response_model=ConsentView)
async def say_consent(
    member_id: UUID, body: SayConsent, operator: Operator, db: Db, runtime: CurrentRuntime, key: OnceKey
) -> Response:
    """Note what a member said to a purpose, on their behalf."""
    return await _say(body, member_id, operator, db, runtime, key)


@router.get("/members/{member_id}/consents", operation_id="list_consents")
async def list_consents(member_id: UUID, _: Operator, db: Db) -> list[ConsentView]:
    """What a member says to each purpose that they were asked about."""
    return await _current(db, member_id)


@router.get("/members/{member_id}/consents/entries", operation_id="list_consent_entries")
async def list_consent_entries(member_id: UUID, _: Operator, db: Db, pages: PageQuery) -> Page[ConsentEntryView]:
    """A member's ledger of consents, newest first."""
    return await _entries(db, member_id, pages)


async def _say(
    body: SayConsent, member_id: UUID, actor: Principal, db: Database, runtime: Runtime, key: RequestKey
) -> Response:
    resources: Resources = runtime.resources

    async def action(uow: UnitOfWork) -> ConsentView:
        entry = await service.say(
            uow,
            Consent(version=body.version, given=body.given),
            member_id=member_id,
            purpose=body.purpose,
            actor_id=actor.id,
            purposes=resources.consent_purposes,
        )
        return _view({**dict(entry), "changed_at": entry["made_at"]})

    return await run_once(db, key, action)


def _view(row: Record | dict[str, object]) -> ConsentView:
    return ConsentView.model_validate({name: row[name] for name in ConsentView.model_fields})


async def _current(db: Database, member_id: UUID) -> list[ConsentView]:
    return [_view(row) for row in await service.list_current(db, member_id)]


async def _entries(db: Database, member_id: UUID, pages: PageRequest) -> Page[ConsentEntryView]:
    rows = await service.list_entries(db, member_id, before=pages.after, limit=pages.limit)
    views = [ConsentEntryView(**{name: row[name] for name in ConsentEntryView.model_fields}) for row in rows]
    return page(views, limit=pages.limit, last_id=views[-1].id if views else None)
