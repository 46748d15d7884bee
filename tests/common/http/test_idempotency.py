"""How a request is known again: by who asks, for what, with which body, under which key."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from common.http.idempotency import KEY_LENGTH
from factories.shop import Shop

ANN, BOB = UUID(int=1), UUID(int=2)
PATH = "/shop/v1/once"


async def once(
    shop: Shop, path: str = PATH, *, method: str = "POST", member: UUID = ANN, key: str = "k", **rest: Any
) -> Any:
    headers = shop.signer.headers(member_id=member) | {"Idempotency-Key": key}
    answer = await shop.client.request(method, path, headers=headers, **rest)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_same_request_is_known_again(shop: Shop) -> None:
    assert await once(shop, content=b"{}") == await once(shop, content=b"{}")


async def test_whatever_differs_makes_another_request(shop: Shop) -> None:
    said = [
        await once(shop, content=b"{}"),
        await once(shop, content=b"{ }"),
        await once(shop, content=b""),
        await once(shop, f"{PATH}?a=1", content=b"{}"),
        await once(shop, method="PUT", content=b"{}"),
    ]

    assert len({answer["hash"] for answer in said}) == len(said)
    assert {(answer["actor"], answer["key"]) for answer in said} == {(str(ANN), "k")}


async def test_parts_cannot_be_moved_from_one_to_another(shop: Shop) -> None:
    first = await once(shop, f"{PATH}?a", content=b"b")
    second = await once(shop, f"{PATH}?ab", content=b"")

    assert first["hash"] != second["hash"]


async def test_a_key_is_the_callers_own(shop: Shop) -> None:
    assert (await once(shop, member=BOB))["actor"] == str(BOB)
    answer = await shop.client.post(f"{PATH}/anonymous", headers={"Idempotency-Key": "k"})
    assert answer.json() == {"actor": "anonymous"}


async def _refused(shop: Shop, headers: dict[bytes, bytes]) -> httpx2.Response:
    signed = {name.encode(): value.encode() for name, value in shop.signer.headers(member_id=ANN).items()}
    return await shop.client.post(PATH, headers=signed | headers)


@pytest.mark.parametrize("key", [None, b"", b"x" * (KEY_LENGTH + 1), b"a b", b"a\tb", "ü".encode(), b"a\x00b"])
async def test_a_key_that_is_none_is_refused_by_its_header(shop: Shop, key: bytes | None) -> None:
    answer = await _refused(shop, {} if key is None else {b"Idempotency-Key": key})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "header.idempotency-key"


async def test_a_key_of_the_full_length_is_taken(shop: Shop) -> None:
    assert (await once(shop, key="~" * KEY_LENGTH))["key"] == "~" * KEY_LENGTH
