"""A shop to order in: its goods, members with coupons, tokens; and the servers that sell there."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from benchmarks.engines import Bench, running_engines
from benchmarks.measuring import ROOT
from benchmarks.orders.client import make_request
from benchmarks.orders.serving import KEY_VARIABLE
from common.connection import Connection
from common.ids import new_id
from common.testing.services import KEY_ID, Signer, create_service_database
from orders.app import SERVICE

DATABASE = "benchmark"
SKUS, MEMBERS, STOCK = 200, 400, 10**9
PRICE_MINOR, COUPON_MINOR = 1990, 500
LINES = 2
READY_SECONDS = 60
ORDERS, QUOTES = "/orders/v1/orders", "/orders/v1/quotes"


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


def payable(wish: dict[str, Any]) -> int:
    """What a wish costs, with its coupon."""
    return PRICE_MINOR * sum(int(line["quantity"]) for line in wish["lines"]) - COUPON_MINOR


class Shop:
    """Everything random in it follows from a seed."""

    def __init__(self, bench: Bench, connection: Connection) -> None:
        self.bench = bench
        self.connection = connection
        """The orders service's own, to put in what other services or operators would."""
        self._random = random.Random(7)
        self._signer = Signer()
        self._point = new_id()
        self._skus = [new_id() for _ in range(SKUS)]
        self._members = [new_id() for _ in range(MEMBERS)]
        self._headers = {
            member: {**self._signer.headers(member_id=member), "x-member": str(member)} for member in self._members
        }

    async def stock(self) -> None:
        now, product = datetime.now(UTC), new_id()
        await self.connection.execute(
            "INSERT INTO product (id, code, name, description, created_at) VALUES ($1, 'p', '草莓', '', $2)",
            product,
            now,
        )
        await self.connection.execute(
            "INSERT INTO sku (id, product_id, code, name, price_minor, supplied, reserved, sold, active, created_at)"
            " SELECT id, $2, id::text, '草莓 500g', $3, $4, 0, 0, true, $5 FROM unnest($1::uuid[]) AS id",
            self._skus,
            product,
            PRICE_MINOR,
            STOCK,
            now,
        )
        await self.connection.execute(
            "INSERT INTO pickup_point (id, code, name, address, active, created_at) VALUES ($1, 'p', '東門', '', true, $2)",
            self._point,
            now,
        )

    async def orders(self, count: int) -> list[bytes]:
        """Requests that place an order each, with a coupon and a key of its own."""
        return [self._order(member, coupon) for member, coupon in await self._issue(count)]

    def _order(self, member: UUID, coupon: UUID) -> bytes:
        wish = self._wish(coupon)
        return self.request(member, ORDERS, wish | {"payable_minor": payable(wish)})

    def _wish(self, coupon: UUID) -> dict[str, Any]:
        skus = self._random.sample(self._skus, LINES)
        return {
            "pickup_point_id": self._point,
            "lines": [{"sku_id": sku, "quantity": self._random.randint(1, 3)} for sku in skus],
            "coupon_id": coupon,
        }

    async def wishes(self, count: int) -> list[tuple[UUID, dict[str, Any]]]:
        """Members, each with what they want."""
        return [(member, self._wish(coupon)) for member, coupon in await self._issue(count)]

    def request(self, member: UUID, path: str, body: object, *, key: UUID | None = None) -> bytes:
        return make_request(path, body, {**self._headers[member], "idempotency-key": str(key or new_id())})

    async def _issue(self, count: int) -> list[tuple[UUID, UUID]]:
        """Coupons, each with its member."""
        now = datetime.now(UTC)
        issued = [(self._members[n % MEMBERS], new_id()) for n in range(count)]
        await self.connection.execute(
            "INSERT INTO coupon (id, member_id, template, value_minor, minimum_spend_minor, currency, valid_from, expires_at, status, changed_at)"
            " SELECT id, member_id, 'welcome', $3, 0, 'CNY', $4, $5, 'issued', $4 FROM unnest($1::uuid[], $2::uuid[]) AS coupon (id, member_id)",
            [coupon for _, coupon in issued],
            [member for member, _ in issued],
            COUPON_MINOR,
            now,
            now + timedelta(days=30),
        )
        return issued

    @asynccontextmanager
    async def serving(self, variant: str) -> AsyncIterator[Server]:
        """A server process of its own; it is over with the block."""
        key = await self._signer.keys.find(KEY_ID)
        if not isinstance(key, Ed25519PublicKey):
            raise TypeError("the signer has its key")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.orders.serving", variant),
            cwd=ROOT,
            env=os.environ | self._environment() | {KEY_VARIABLE: key.public_bytes_raw().hex()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            if process.stdout is None:
                raise RuntimeError("the server has no output")
            async with asyncio.timeout(READY_SECONDS):
                line = await process.stdout.readline()
            if not line:
                raise RuntimeError(f"the server did not start: python -m benchmarks.orders.serving {variant}")
            yield Server(int(line), process.pid)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    def _environment(self) -> dict[str, str]:
        return {
            "ORDERS_ENVIRONMENT": "development",
            "ORDERS_DATABASE_URL": self.bench.engines.url(role="orders", database=DATABASE),
            "ORDERS_VALKEY_URL": self.bench.engines.valkey_url,
            "ORDERS_CALLBACKS_PER_MINUTE": "1000000000",
        }


@asynccontextmanager
async def open_shop(settings: dict[str, str] | None = None) -> AsyncIterator[Shop]:
    """On engines of its own."""
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(running_engines(settings))
        await create_service_database(bench.engines, name=DATABASE, service=SERVICE)
        connection = await asyncpg.connect(
            bench.engines.url(role="orders", database=DATABASE), server_settings={"search_path": "orders"}
        )
        stack.push_async_callback(connection.close)
        shop = Shop(bench, connection)
        await shop.stock()
        yield shop
