"""Public keys from afar: fetched when needed, kept when they cannot be fetched, asked for seldom."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from common.auth import keys
from common.auth.keys import REFRESH_SECONDS, SHORTEST_REFRESH_SECONDS, RemoteKeys, parse_jwks
from common.errors import Unavailable

KEY = Ed25519PrivateKey.generate().public_key()
URL = "http://members.test/members/v1/jwks"


def described(key_id: str, **changed: Any) -> dict[str, Any]:
    key = jwt.algorithms.OKPAlgorithm.to_jwk(KEY, as_dict=True)
    return {**key, "kid": key_id, "alg": "EdDSA", "use": "sig", **changed}


class Members:
    """The members service's JWKS endpoint, its clock, and how often it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[], httpx2.Response] = lambda: httpx2.Response(200, json={"keys": [described("k1")]})
        self.asked = 0
        self.now = 1000.0

    def publishes(self, *key_ids: str) -> None:
        self.answer = lambda: httpx2.Response(200, json={"keys": [described(key_id) for key_id in key_ids]})

    async def serve(self, request: httpx2.Request) -> httpx2.Response:
        assert str(request.url) == URL
        self.asked += 1
        await asyncio.sleep(0)
        return self.answer()


@pytest.fixture
def members(monkeypatch: pytest.MonkeyPatch) -> Members:
    members = Members()
    client = httpx2.AsyncClient
    monkeypatch.setattr(keys, "monotonic", lambda: members.now)
    monkeypatch.setattr(
        httpx2, "AsyncClient", lambda **options: client(transport=httpx2.MockTransport(members.serve), **options)
    )
    return members


@pytest.fixture(autouse=True)
async def quiet() -> AsyncIterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


def away() -> httpx2.Response:
    raise httpx2.ConnectError("nobody there")


async def test_a_key_is_fetched_once_and_kept(members: Members) -> None:
    remote = RemoteKeys(URL)

    found = await asyncio.gather(*(remote.find("k1") for _ in range(20)))

    assert all(key == KEY for key in found)
    assert members.asked == 1


async def test_a_new_key_is_found_when_a_token_names_it(members: Members) -> None:
    remote = RemoteKeys(URL)
    await remote.find("k1")
    members.publishes("k1", "k2")

    members.now += SHORTEST_REFRESH_SECONDS + 1
    assert await remote.find("k2") == KEY
    assert members.asked == 2


async def test_a_withdrawn_key_is_forgotten_at_the_next_refresh(members: Members) -> None:
    remote = RemoteKeys(URL)
    await remote.find("k1")
    members.publishes("k2")

    assert await remote.find("k1") == KEY
    members.now += REFRESH_SECONDS + 1
    assert await remote.find("k1") is None


async def test_tokens_of_invented_keys_do_not_make_us_ask_and_ask(members: Members) -> None:
    remote = RemoteKeys(URL)
    await remote.find("k1")

    members.now += SHORTEST_REFRESH_SECONDS + 1
    for number in range(50):
        assert await remote.find(f"invented {number}") is None

    assert members.asked == 2


FAILURES: dict[str, Callable[[], httpx2.Response]] = {
    "away": away,
    "500": lambda: httpx2.Response(500),
    "404": lambda: httpx2.Response(404, json={"keys": []}),
    "no JSON": lambda: httpx2.Response(200, text="<html>"),
    "no UTF-8": lambda: httpx2.Response(200, content=b'{"keys": "\xff"}'),
    "no keys": lambda: httpx2.Response(200, json={}),
    "a list": lambda: httpx2.Response(200, json=[]),
    "null": lambda: httpx2.Response(200, json=None),
    "keys that are a number": lambda: httpx2.Response(200, json={"keys": 5}),
    "keys of words": lambda: httpx2.Response(200, json={"keys": ["k1"]}),
    "a key without an id": lambda: httpx2.Response(200, json={"keys": [{"alg": "EdDSA"}]}),
    "a broken key": lambda: httpx2.Response(200, json={"keys": [described("k1", x="!")]}),
    "a key of another kind": lambda: httpx2.Response(200, json={"keys": [described("k1", kty="RSA")]}),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
async def test_keys_that_cannot_be_fetched_are_an_outage_with_a_time_to_come_again(
    members: Members, failure: Callable[[], httpx2.Response]
) -> None:
    members.answer = failure

    with pytest.raises(Unavailable) as outage:
        await RemoteKeys(URL).find("k1")

    assert outage.value.extra["retry_after_seconds"]


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
async def test_what_is_held_stays_when_a_refresh_fails(
    members: Members, failure: Callable[[], httpx2.Response], quiet: list[Any]
) -> None:
    remote = RemoteKeys(URL)
    await remote.find("k1")
    members.answer = failure

    members.now += REFRESH_SECONDS + 1
    assert await remote.find("k1") == KEY
    assert [line["event"] for line in quiet] == ["public keys not fetched"]


async def test_an_outage_is_asked_about_seldom_whoever_comes(members: Members) -> None:
    """Each try may take seconds: requests must not queue behind one another's."""
    remote = RemoteKeys(URL)
    members.answer = away

    outcomes = await asyncio.gather(*(remote.find("k1") for _ in range(20)), return_exceptions=True)
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert members.asked == 1

    members.now += SHORTEST_REFRESH_SECONDS + 1
    members.publishes("k1")
    assert await remote.find("k1") == KEY
    assert members.asked == 2


async def test_held_keys_cost_no_wait_during_an_outage(members: Members) -> None:
    remote = RemoteKeys(URL)
    await remote.find("k1")
    members.answer = away
    members.now += REFRESH_SECONDS + 1

    for _ in range(20):
        assert await remote.find("k1") == KEY

    assert members.asked == 2


async def test_during_an_outage_an_unknown_key_is_not_called_foreign(members: Members) -> None:
    """It may be the new key that could not be fetched."""
    remote = RemoteKeys(URL)
    await remote.find("k1")
    members.answer = away
    members.now += SHORTEST_REFRESH_SECONDS + 1

    for _ in range(3):
        with pytest.raises(Unavailable):
            await remote.find("k2")

    assert members.asked == 2


def test_keys_of_other_algorithms_are_passed_over() -> None:
    found = parse_jwks(
        {"keys": [described("k1"), {"kty": "RSA", "kid": "k2", "alg": "RS256"}, described("k3", alg=None)]}
    )

    assert found == {"k1": KEY}
