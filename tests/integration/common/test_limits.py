"""Rates counted in a real Valkey: together for all processes, within one window, gone with it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from common.http import limits
from common.http.limits import SHARE, STRICTER, WINDOW_SECONDS, Limiter, TooManyRequests
from common.ids import new_id
from common.testing.databases import Engines
from common.testing.waiting import eventually

pytestmark = pytest.mark.integration

RATE = 8


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not pass for a Valkey that is away."""
    monkeypatch.setattr(limits, "TIMEOUT_SECONDS", 10)


@pytest.fixture
async def limiter(engines: Engines) -> AsyncIterator[Limiter]:
    """One process's."""
    limiter = Limiter(service="shop", url=engines.valkey_url, registry=CollectorRegistry())
    yield limiter
    await limiter.close()


@pytest.fixture
async def another(engines: Engines) -> AsyncIterator[Limiter]:
    """Another process's of the same service."""
    limiter = Limiter(service="shop", url=engines.valkey_url, registry=CollectorRegistry())
    yield limiter
    await limiter.close()


@pytest.fixture
async def valkey(engines: Engines) -> AsyncIterator[Redis]:
    async with Redis.from_url(engines.valkey_url) as client:
        yield client


@pytest.fixture
def caller() -> str:
    return str(new_id())


def key_of(caller: str) -> str:
    return f"huitou:shop:rate:claims:{caller}"


async def granted(limiter: Limiter, caller: str, *, tries: int = 20, guarded: bool = True, name: str = "claims") -> int:
    """How many of these tries, all at once, are let through."""
    checks = [limiter.check(name, caller, per_minute=RATE, guarded=guarded) for _ in range(tries)]
    outcomes = await asyncio.gather(*checks, return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, TooManyRequests) for outcome in outcomes)
    return outcomes.count(None)


async def _gone(valkey: Redis, key: str) -> bool:
    return not await valkey.exists(key)


async def test_exactly_the_rate_is_let_through(limiter: Limiter, caller: str) -> None:
    assert await granted(limiter, caller) == RATE
    assert await granted(limiter, caller) == 0


async def test_an_ordinary_rate_is_let_through_to_a_share(limiter: Limiter, another: Limiter, caller: str) -> None:
    """What a process has spent before it asked may be counted after what others ask for."""
    passed = [await granted(one, caller, guarded=False) for one in (limiter, another)]

    assert RATE <= sum(passed) <= RATE + 2 * max(1, RATE // SHARE)
    assert await granted(limiter, caller, guarded=False) == 0


async def test_processes_count_together(limiter: Limiter, another: Limiter, caller: str) -> None:
    passed = await asyncio.gather(granted(limiter, caller), granted(another, caller))

    assert sum(passed) == RATE


async def test_callers_and_names_are_counted_apart(limiter: Limiter, caller: str) -> None:
    assert await granted(limiter, caller) == RATE
    assert await granted(limiter, f"{caller} too") == RATE
    assert await granted(limiter, caller, name="sign_ins") == RATE


async def test_the_window_begins_with_the_first_try_and_later_ones_do_not_move_it(
    limiter: Limiter, valkey: Redis, caller: str
) -> None:
    await granted(limiter, caller, tries=1)
    assert 0 < await valkey.ttl(key_of(caller)) <= WINDOW_SECONDS

    await valkey.expire(key_of(caller), 10)
    await granted(limiter, caller)
    assert 0 < await valkey.ttl(key_of(caller)) <= 10


async def test_after_the_window_the_rate_is_whole_again(limiter: Limiter, valkey: Redis, caller: str) -> None:
    assert await granted(limiter, caller) == RATE

    await valkey.pexpire(key_of(caller), 1)
    await eventually(lambda: _gone(valkey, key_of(caller)))

    assert await granted(limiter, caller) == RATE


async def test_a_count_that_was_left_without_an_end_gets_one(limiter: Limiter, valkey: Redis, caller: str) -> None:
    """A process may die between the count and its end."""
    await valkey.set(key_of(caller), RATE)

    assert await granted(limiter, caller, tries=1) == 0
    assert 0 < await valkey.ttl(key_of(caller)) <= WINDOW_SECONDS


async def test_what_valkey_cannot_count_is_as_if_it_were_away(limiter: Limiter, valkey: Redis, caller: str) -> None:
    await valkey.lpush(key_of(caller), "no number")

    assert await granted(limiter, caller, guarded=False) == 20
    assert await granted(limiter, caller, guarded=True) == RATE // STRICTER


async def test_a_cut_connection_is_made_anew(limiter: Limiter, valkey: Redis, caller: str) -> None:
    await granted(limiter, caller, tries=1)
    assert limiter._valkey is not None
    await valkey.client_kill_filter(_id=str(await limiter._valkey.client_id()))

    passed = await granted(limiter, caller, tries=1) + await granted(limiter, caller, tries=1)

    assert passed == 2
    assert await granted(limiter, caller) in {
        RATE - 3,
        RATE - 2,
    }  # the try on the cut connection may have gone uncounted
