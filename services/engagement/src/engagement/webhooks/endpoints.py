from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path

from common.auth.access import Operator
from common.connection import Record
from common.db import Database, UnitOfWork
from common.http.dependencies import CurrentRuntime, Db
from common.http.idempotency import OnceKey, RequestKey, run_once
from common.http.pages import Page, PageQuery, page
from engagement.resources import Resources
from engagement.webhooks import service
from engagement.webhooks.domain import secret_of
from engagement.webhooks.schemas import ChangeEndpoint, CreateEndpoint, EndpointView, EndpointWithSecret

router = APIRouter(prefix="/webhook-endpoints", tags=["webhooks"])

EndpointCode = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


def _view(row: Record) -> EndpointView:
    return EndpointView(**{name: row[name] for name in EndpointView.model_fields})


@router.post("", operation_id="create_webhook_endpoint", status_code=201)
async def create_webhook_endpoint(
    body: CreateEndpoint, _: Operator, db: Db, runtime: CurrentRuntime, key: OnceKey
) -> EndpointWithSecret:
    """Declare an endpoint that rules may tell of members; its secret is shown this once."""
    resources: Resources = runtime.resources
    return await _once(
        db, resources, key, lambda uow: service.create(uow, code=body.code, url=body.url, egress=resources.egress)
    )


@router.get("", operation_id="list_webhook_endpoints")
async def list_webhook_endpoints(_: Operator, db: Db, pages: PageQuery) -> Page[EndpointView]:
    """All endpoints, oldest first."""
    rows = await service.list_all(db, after=pages.after, limit=pages.limit)
    return page([_view(row) for row in rows], limit=pages.limit, last_id=rows[-1]["id"] if rows else None)


@router.get("/{code}", operation_id="get_webhook_endpoint")
async def get_webhook_endpoint(code: EndpointCode, _: Operator, db: Db) -> EndpointView:
    """One endpoint."""
    return _view(await service.get(db, code))


@router.patch("/{code}", operation_id="change_webhook_endpoint")
async def change_webhook_endpoint(
    code: EndpointCode, body: ChangeEndpoint, _: Operator, db: Db, runtime: CurrentRuntime
) -> EndpointView:
    """Change what is named in the body; one that said it is gone can be made active again."""
    resources: Resources = runtime.resources
    async with db.transaction() as uow:
        row = await service.change(uow, code, egress=resources.egress, **body.model_dump(exclude_unset=True))
    return _view(row)


@router.post("/{code}/rotate", operation_id="rotate_webhook_secret", status_code=201)
async def rotate_webhook_secret(
    code: EndpointCode, _: Operator, db: Db, runtime: CurrentRuntime, key: OnceKey
) -> EndpointWithSecret:
    """Give an endpoint a new secret, shown this once; for a day both it and the one before sign."""
    return await _once(db, runtime.resources, key, lambda uow: service.rotate(uow, code))


class _Numbered(EndpointView):
    """What is stored of an answer: the secret's number, never the secret."""

    secret_number: int


async def _once(
    db: Database, resources: Resources, key: RequestKey, change: Callable[[UnitOfWork], Awaitable[Record]]
) -> EndpointWithSecret:
    async def action(uow: UnitOfWork) -> _Numbered:
        return _Numbered(**dict(await change(uow)))

    stored = _Numbered.model_validate_json(bytes((await run_once(db, key, action)).body))
    secret = secret_of(resources.outgoing_secret, stored.id, stored.secret_number)
    return EndpointWithSecret(secret=secret, **stored.model_dump(exclude={"secret_number"}))
