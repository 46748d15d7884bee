"""Those who watch a service are never told to come less often: a probe that is refused is a process that is ended."""

from ipaddress import IPv6Address
from uuid import uuid4

import httpx2
import pytest

from common.testing.databases import Engines
from factories.shop import open_shop

pytestmark = pytest.mark.integration

PER_MINUTE = 3


async def test_probes_and_scrapes_are_not_counted_among_a_callers_requests(engines: Engines) -> None:
    """Behind a proxy everybody has one address."""
    address = str(IPv6Address(uuid4().int))
    async with open_shop(valkey_url=engines.valkey_url, requests_per_minute=PER_MINUTE) as shop:
        transport = httpx2.ASGITransport(shop.app, client=(address, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            ordinary = [(await client.get("/shop/v1/orders")).status_code for _ in range(PER_MINUTE + 1)]
            live = await client.get("/shop/health/live")
            scraped = await client.get("/shop/metrics")
            ready = await client.get("/shop/health/ready")

    assert ordinary == [200] * PER_MINUTE + [429]
    assert (live.status_code, scraped.status_code) == (200, 200)
    assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")  # the shop has no database
