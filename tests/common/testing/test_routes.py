"""The table of routes finds what it is there for."""

from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI
from structlog.testing import capture_logs

from common.auth.access import AnyMember
from common.auth.principal import Role
from common.http.app import service_app
from common.http.idempotency import OnceKey
from common.testing.databases import Engines
from common.testing.routes import (
    ANYONE,
    MEMBERS,
    NOBODY,
    OF_EVERY_SERVICE,
    OPERATORS,
    Callers,
    broken_rules,
    routes,
    thread_hops,
    without_key,
)
from common.testing.services import RunningService
from factories.shop import Shop, open_shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop() as opened:
        yield opened


@pytest.fixture
def service(shop: Shop) -> RunningService:
    app = service_app(shop.runtime)
    return RunningService(shop.runtime, app, shop.client, shop.signer, Engines("", ""), "", {})


async def test_a_table_that_is_right_breaks_nothing(service: RunningService) -> None:
    rules = {"POST /v1/words": ANYONE, "GET /v1/me": MEMBERS, "GET /v1/books": OPERATORS}

    assert await broken_rules(service, rules) == []


@pytest.mark.parametrize(
    ("operation", "callers", "broken"),
    [
        ("POST /v1/words", MEMBERS, ["None: 422"]),
        ("GET /v1/me", ANYONE, ["None: 401"]),
        ("GET /v1/me", OPERATORS, ["member: 200", "leader: 200", "clerk: 200", "service: 200"]),
        ("GET /v1/books", OPERATORS | {Role.LEADER}, ["leader: 403"]),
        ("GET /v1/books", OPERATORS - {Role.ADMIN}, ["admin: 200"]),
        ("GET /v1/books", NOBODY, [f"{role}: {200 if role in OPERATORS else 403}" for role in Role]),
    ],
)
async def test_a_rule_that_is_wrong_is_named_with_the_role(
    service: RunningService, operation: str, callers: Callers, broken: list[str]
) -> None:
    assert await broken_rules(service, {operation: callers}) == [f"{operation} for {line}" for line in broken]


async def test_a_failure_breaks_every_rule(service: RunningService, shop: Shop) -> None:
    shop.fault(RuntimeError())

    with capture_logs():
        assert len(await broken_rules(service, {"GET /v1/fault": ANYONE})) == len(ANYONE)


async def test_routes_that_the_document_leaves_out_are_there(service: RunningService) -> None:
    assert routes(service.app) >= set(OF_EVERY_SERVICE) | {"PUT /v1/once", "GET /v1/orders/{order_id}"}

    @service.app.get("/hidden", include_in_schema=False)
    async def hidden() -> None: ...

    assert "GET /hidden" in routes(service.app)


def test_what_takes_no_key_is_found_and_what_takes_it_from_nobody_in_particular(service: RunningService) -> None:
    router = APIRouter()

    @router.post("/early")
    async def early(_: OnceKey, __: AnyMember) -> None: ...

    service.app.include_router(router)
    found = without_key(service.app)
    assert {"POST /early", "POST /v1/orders", "POST /v1/once/anonymous"} <= found
    assert "POST /v1/once" not in found


class Built:
    def __init__(self, word: str = "") -> None:
        self.word = word


def ask(word: str = "") -> str:
    return word


def test_what_is_not_async_is_found_however_deep() -> None:
    async def asks(_: Annotated[str, Depends(ask)]) -> None: ...

    router = APIRouter()

    @router.get("/deep")
    async def deep(_: Annotated[None, Depends(asks)]) -> None: ...

    @router.get("/built")
    async def built(_: Annotated[Built, Depends()]) -> None: ...

    @router.get("/plain")
    def plain() -> None: ...

    app = FastAPI()
    app.include_router(router, prefix="/v1")
    here = plain.__qualname__.removesuffix("plain")
    assert thread_hops(app) == {f"{__name__}.ask", f"{__name__}.Built", f"{__name__}.{here}plain"}
