"""One server process of the benchmarks: `python -m benchmarks.orders.serving VARIANT`, started by them.

service  the orders service as `python -m orders api` serves it
orm      the same surroundings, the endpoint that places orders written with ORM sessions
sql      the service's own endpoint on a bare FastAPI: no token, no rate limit, no metrics, no log line
bare     a bare FastAPI that validates the same body and gives the same kind of answer
"""

import dataclasses
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import FastAPI, Header, Response
from starlette.types import ASGIApp

from benchmarks.orders import orm
from common import loops
from common.auth.keys import FixedKeys
from common.auth.principal import Principal, Role
from common.http.app import service_app
from common.http.front import front
from common.http.idempotency import OnceKey
from common.logging import configure_logging
from common.runtime import Runtime, Surroundings
from common.serving import bind, run_until_stopped, serving
from common.settings import load_settings
from common.testing.services import KEY_ID
from orders.app import SERVICE
from orders.orderbook.schemas import OrderLineView, OrderView
from orders.placement import endpoints as placement
from orders.placement.schemas import PlaceOrder
from orders.settings import OrdersSettings

KEY_VARIABLE = "BENCHMARK_PUBLIC_KEY"


def serve_service(runtime: Runtime) -> ASGIApp:
    return front({"orders": service_app(runtime)})


def serve_sql(runtime: Runtime) -> ASGIApp:
    app = FastAPI()

    @app.post("/orders/v1/orders", status_code=201)
    async def place_order(body: PlaceOrder, x_member: Annotated[UUID, Header()], key: OnceKey) -> Response:
        member = Principal(x_member, frozenset({Role.MEMBER}))
        return await placement.place_order(body, member, runtime.db, runtime.resources, key)

    return app


def serve_bare(_: Runtime) -> ASGIApp:
    app = FastAPI()

    @app.post("/orders/v1/orders", status_code=201)
    async def place_order(body: PlaceOrder) -> OrderView:
        lines = [
            OrderLineView(
                id=line.sku_id,
                sku_id=line.sku_id,
                quantity=line.quantity,
                unit_price_minor=1,
                amount_minor=1,
                discount_minor=0,
            )
            for line in body.lines
        ]
        return OrderView(**_NOTHING, id=body.pickup_point_id, pickup_point_id=body.pickup_point_id, lines=lines)

    return app


_NOTHING: dict[str, Any] = {
    **dict.fromkeys(OrderView.model_fields.keys() - {"id", "pickup_point_id", "lines"}),
    **{name: 1 for name in OrderView.model_fields if name.endswith("_minor")},
    "member_id": UUID(int=1),
    "channel": "self",
    "status": "pending_payment",
    "currency": "CNY",
    "created_at": datetime(2026, 1, 1, tzinfo=UTC),
}

VARIANTS: dict[str, Callable[[Runtime], ASGIApp]] = {
    "service": serve_service,
    "orm": serve_service,
    "sql": serve_sql,
    "bare": serve_bare,
}


@asynccontextmanager
async def serving_variant(variant: str) -> AsyncIterator[None]:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(os.environ[KEY_VARIABLE]))
    service = dataclasses.replace(SERVICE, routers=[orm.router], resources=orm.build_resources)
    settings = load_settings(OrdersSettings)
    runtime = Runtime(service if variant == "orm" else SERVICE, settings, Surroundings(keys=FixedKeys({KEY_ID: key})))
    bound = bind("127.0.0.1", 0)
    async with runtime.running(), serving(VARIANTS[variant](runtime), bound):
        click.echo(bound.getsockname()[1])
        yield


@click.command(help=__doc__)
@click.argument("variant", type=click.Choice(list(VARIANTS)))
def main(*, variant: str) -> None:
    configure_logging(level="INFO", format="json")
    loops.run(run_until_stopped(serving_variant(variant)))


if __name__ == "__main__":
    main()
