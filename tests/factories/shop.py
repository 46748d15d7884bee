"""A service with nothing but HTTP, for the tests of what surrounds every endpoint: no database, no Valkey unless given."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx2
from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict
from starlette.types import ASGIApp

from common import context
from common.auth.access import AnyMember, Operator, public
from common.auth.principal import Principal
from common.http.app import service_app
from common.http.front import front
from common.http.idempotency import OnceKey
from common.http.limits import LimitRate
from common.http.pages import PageQuery
from common.runtime import Runtime, Service, Surroundings
from common.settings import ServiceSettings
from common.testing.services import Signer

router = APIRouter()
PUBLIC = [Depends(public)]


class ShopSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_", extra="ignore", frozen=True)
    claims_per_minute: int = Field(8, ge=1, description="Guarded.")


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sku: str = Field(max_length=64)
    quantity: int = Field(ge=1)


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    lines: list[Line] = Field(max_length=3)


@router.get("/orders/{order_id}", operation_id="get_order", dependencies=PUBLIC)
async def get_order(order_id: UUID) -> dict[str, str | None]:
    """One."""
    return {"id": str(order_id), "correlation_id": context.correlation_id.get()}


@router.post("/orders", operation_id="place_order", status_code=201, dependencies=PUBLIC)
async def place_order(body: Order) -> Order:
    """Place one."""
    return body


@router.get("/orders", operation_id="list_orders", dependencies=PUBLIC)
async def list_orders(pages: PageQuery) -> dict[str, Any]:
    """Where the page begins."""
    return {"after": pages.after, "limit": pages.limit}


@router.get("/letters", operation_id="list_letters", dependencies=PUBLIC)
async def list_letters(pages: PageQuery) -> dict[str, int]:
    """The same for a list in the order of a number."""
    return {"after": pages.after_number, "limit": pages.limit}


@router.post("/files", operation_id="upload", dependencies=PUBLIC)
async def upload(request: Request) -> int:
    """How long the body is."""
    return len(await request.body())


@router.post("/words", operation_id="say", dependencies=PUBLIC)
async def say(word: Annotated[str, Body()]) -> str:
    """The same again."""
    return word


@router.get("/fault", operation_id="fail", dependencies=PUBLIC)
async def fail(request: Request) -> None:
    """Raises what the test wants."""
    raise request.app.state.fault


@router.post("/claims", operation_id="claim")
async def claim(principal: AnyMember, _: Annotated[None, Depends(LimitRate("claims_per_minute"))]) -> UUID:
    """What is worth attacking."""
    return principal.id


@router.post("/sign-ins", operation_id="sign_in", dependencies=[Depends(LimitRate("claims_per_minute")), *PUBLIC])
async def sign_in() -> None:
    """What is worth attacking by anybody."""


@router.post("/once", operation_id="do_once")
@router.put("/once", operation_id="put_once")
async def do_once(_: AnyMember, key: OnceKey) -> dict[str, str]:
    """How the request is known again."""
    return {"actor": key.actor, "key": key.key, "hash": key.request_hash.hex()}


@router.post("/once/anonymous", operation_id="do_once_anonymously", dependencies=PUBLIC)
async def do_once_anonymously(key: OnceKey) -> dict[str, str]:
    """The same for nobody in particular."""
    return {"actor": key.actor}


@router.get("/me", operation_id="get_me")
async def get_me(principal: AnyMember) -> dict[str, Any]:
    """Who asks."""
    return _described(principal)


@router.get("/books", operation_id="read_books")
async def read_books(principal: Operator) -> dict[str, Any]:
    """For operators."""
    return _described(principal)


def _described(principal: Principal) -> dict[str, Any]:
    return {"id": principal.id, "roles": sorted(principal.roles)}


class Shop:
    """The service as its callers see it; paths begin with `/shop`."""

    def __init__(self, runtime: Runtime, app: ASGIApp, client: httpx2.AsyncClient, signer: Signer, state: Any) -> None:
        self.runtime = runtime
        self.app = app
        self.client = client
        self.signer = signer
        self._state = state

    def fault(self, error: BaseException) -> None:
        """What `/v1/fault` raises from now on."""
        self._state.fault = error

    async def fail(self, error: BaseException) -> httpx2.Response:
        """The answer of an endpoint that raises this."""
        self.fault(error)
        return await self.client.get("/shop/v1/fault")

    def value(self, name: str, **labels: str) -> float:
        """A sample of its metrics; 0 when it is not there."""
        return self.runtime.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def open_shop(**settings: Any) -> AsyncIterator[Shop]:
    signer = Signer()
    service = Service(name="shop", title="Shop", folder=Path(__file__).parent, settings=ShopSettings, routers=[router])
    given: dict[str, Any] = {"environment": "development", "database_url": "postgresql://nobody@127.0.0.1:1/none"}
    runtime = Runtime(service, ShopSettings(**given | settings), Surroundings(keys=signer.keys))
    inner = service_app(runtime)
    app = front({"shop": inner})
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Shop(runtime, app, client, signer, inner.state)
    await runtime.limiter.close()
