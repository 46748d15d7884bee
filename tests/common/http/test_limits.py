"""Rates without Valkey: what is ordinary passes, what is worth attacking is held stricter inside the process."""

import asyncio
from time import perf_counter
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from common.auth.principal import Role
from common.http.limits import SHARE, STRICTER, Limiter, TooManyRequests
from factories.shop import Shop, open_shop

NOWHERE = "redis://127.0.0.1:1"
RATE = 8


@pytest.fixture(params=[None, NOWHERE], ids=["no Valkey", "Valkey away"])
def limiter(request: pytest.FixtureRequest) -> Limiter:
    return Limiter(service="shop", url=request.param, registry=CollectorRegistry())


async def granted(
    limiter: Limiter, *, name: str = "claims", caller: str = "ann", guarded: bool, tries: int = 20
) -> int:
    """How many of these tries are let through."""
    passed = 0
    for _ in range(tries):
        try:
            await limiter.check(name, caller, per_minute=RATE, guarded=guarded)
            passed += 1
        except TooManyRequests:
            continue
    return passed


async def test_what_is_ordinary_passes(limiter: Limiter) -> None:
    assert await granted(limiter, guarded=False) == 20


async def test_who_asks_little_is_not_told_of() -> None:
    """Most callers, most minutes: the first fiftieth of an ordinary rate is spent before Valkey hears of it."""
    registry = CollectorRegistry()
    limiter = Limiter(service="shop", url=NOWHERE, registry=registry)

    await limiter.check("requests", "ann", per_minute=SHARE, guarded=False)
    assert registry.get_sample_value("rate_limit_valkey_available") == 1

    await limiter.check("requests", "ann", per_minute=SHARE, guarded=False)
    assert registry.get_sample_value("rate_limit_valkey_available") == 0


async def test_what_is_guarded_has_a_quarter_of_its_rate(limiter: Limiter) -> None:
    assert await granted(limiter, guarded=True) == RATE // STRICTER


async def test_the_lowest_rate_still_lets_one_through(limiter: Limiter) -> None:
    await limiter.check("claims", "ann", per_minute=1, guarded=True)
    with pytest.raises(TooManyRequests):
        await limiter.check("claims", "ann", per_minute=1, guarded=True)


async def test_callers_and_names_are_counted_apart(limiter: Limiter) -> None:
    for caller in ("ann", "bob"):
        for name in ("claims", "sign_ins"):
            assert await granted(limiter, guarded=True, name=name, caller=caller) == RATE // STRICTER


async def test_at_once_is_no_way_around(limiter: Limiter) -> None:
    tries = [limiter.check("claims", "ann", per_minute=RATE, guarded=True) for _ in range(30)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)

    assert outcomes.count(None) == RATE // STRICTER


async def test_a_refusal_says_when_to_come_again(limiter: Limiter) -> None:
    await granted(limiter, guarded=True)
    with pytest.raises(TooManyRequests, match="a minute") as refused:
        await limiter.check("claims", "ann", per_minute=RATE, guarded=True)

    assert 0 < int(str(refused.value.extra["retry_after_seconds"])) <= 60


async def test_whether_valkey_counts_is_measured() -> None:
    registry = CollectorRegistry()
    limiter = Limiter(service="shop", url=NOWHERE, registry=registry)
    assert registry.get_sample_value("rate_limit_valkey_available") == 1

    await granted(limiter, guarded=True)

    assert registry.get_sample_value("rate_limit_valkey_available") == 0
    assert registry.get_sample_value("rate_limit_refused_total", {"name": "claims"}) == 20 - RATE // STRICTER


async def test_a_valkey_that_never_answers_costs_little() -> None:
    """It accepts and is silent: every request would wait for it."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    limiter = Limiter(service="shop", url=f"redis://{host}:{port}", registry=CollectorRegistry())
    began = perf_counter()
    try:
        assert await granted(limiter, guarded=False, tries=2) == 2
        assert perf_counter() - began < 1
    finally:
        await limiter.close()
        await asyncio.wait_for(gone.wait(), 5)
        server.close()


async def test_where_nobody_signs_in_addresses_are_counted() -> None:
    async with open_shop(claims_per_minute=RATE) as shop:
        people = [shop.signer.headers(member_id=UUID(int=number)) for number in range(RATE)]
        answers = [await shop.client.post("/shop/v1/sign-ins", headers=headers) for headers in people]

    assert [answer.status_code for answer in answers].count(200) == RATE // STRICTER


async def test_an_endpoint_counts_by_who_asks() -> None:
    async with open_shop(claims_per_minute=RATE) as shop:
        ann, bob = shop.signer.headers(member_id=UUID(int=1)), shop.signer.headers(member_id=UUID(int=2))
        answers = [await shop.client.post("/shop/v1/claims", headers=ann) for _ in range(RATE)]
        assert [answer.status_code for answer in answers].count(200) == RATE // STRICTER
        last = answers[-1]
        assert (last.status_code, last.json()["code"]) == (429, "too_many_requests")
        assert last.headers["retry-after"]
        assert (await shop.client.post("/shop/v1/claims", headers=bob)).status_code == 200


async def test_a_rate_of_its_own_stands_in_for_the_general_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the address of a payment provider are all the payments of a shop."""
    counted: list[str] = []

    async def check(_: Limiter, name: str, caller: str, *, per_minute: int, guarded: bool) -> None:
        counted.append(name)

    monkeypatch.setattr(Limiter, "check", check)
    async with open_shop() as shop:
        await shop.client.post("/shop/v1/sign-ins")
        assert counted == ["claims_per_minute"]
        await shop.client.post("/shop/v1/once/anonymous", headers={"idempotency-key": "k"})
        assert counted == ["claims_per_minute", "requests"]


async def test_an_ordinary_endpoint_stays_open(shop: Shop) -> None:
    headers = shop.signer.headers(Role.OPERATOR)

    assert {(await shop.client.get("/shop/v1/books", headers=headers)).status_code for _ in range(5)} == {200}
