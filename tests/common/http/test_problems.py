"""Every failure is a problem document: a stable code, what to do about it, and nothing of the inside."""

import json
from typing import Any

import asyncpg
import httpx2
import pytest

from common import errors
from common.errors import AppError
from common.http.problems import MEDIA_TYPE, MOST_FAULTS, STATUS
from factories.shop import Shop

ORDER = {"lines": [{"sku": "a", "quantity": 1}]}


def problem(answer: httpx2.Response) -> dict[str, Any]:
    """The document, after a look at its form."""
    document: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert document["status"] == answer.status_code
    assert document["type"] == f"urn:huitou:problem:{document['code']}"
    assert document["title"]
    assert document["detail"]
    return document


class OutOfStock(errors.Conflict):
    pass


class OnlyThree(OutOfStock):
    """Kinds are inherited."""


@pytest.mark.parametrize(("kind", "status"), STATUS.items(), ids=lambda value: getattr(value, "__name__", value))
async def test_a_kind_of_error_has_its_status(shop: Shop, kind: type[AppError], status: int) -> None:
    answer = await shop.fail(kind("do this instead"))

    assert answer.status_code == status
    assert problem(answer)["detail"] == "do this instead"
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    assert "retry-after" not in answer.headers


async def test_the_code_is_the_name_of_the_fact(shop: Shop) -> None:
    assert problem(await shop.fail(OutOfStock("x")))["code"] == "out_of_stock"
    answer = await shop.fail(OnlyThree("x"))
    assert (answer.status_code, problem(answer)["code"]) == (409, "only_three")


async def test_retry_after_is_told_when_it_is_known(shop: Shop) -> None:
    answer = await shop.fail(errors.Unavailable("later", retry_after_seconds=7))
    assert answer.headers["retry-after"] == "7"


async def test_what_holds_now_is_told_when_it_is_known(shop: Shop) -> None:
    assert problem(await shop.fail(OutOfStock("x", current={"left": 3})))["current"] == {"left": 3}
    assert "current" not in problem(await shop.fail(OutOfStock("x", current="three")))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body.lines"),
        ({"lines": [{"sku": "a"}]}, "body.lines.0.quantity"),
        ({"lines": [{"sku": "a", "quantity": 0}]}, "body.lines.0.quantity"),
        ({"lines": [{"sku": 5, "quantity": 1}]}, "body.lines.0.sku"),
        ({"lines": "a"}, "body.lines"),
        (ORDER | {"colour": "red"}, "body.colour"),
        ([], "body"),
        (None, "body"),
    ],
)
async def test_a_request_that_is_not_valid_names_the_field(shop: Shop, body: Any, field: str) -> None:
    answer = await shop.client.post("/shop/v1/orders", json=body)
    document = problem(answer)

    assert (answer.status_code, document["code"]) == (422, "request_invalid")
    assert field in [wrong["field"] for wrong in document["errors"]]
    assert field in document["detail"]


async def test_a_request_with_very_many_faults_has_a_short_answer(shop: Shop) -> None:
    answer = await shop.client.post("/shop/v1/orders", json=dict.fromkeys(map(str, range(20_000)), 0))

    assert (answer.status_code, len(problem(answer)["errors"])) == (422, MOST_FAULTS)
    assert len(answer.content) < 5_000


async def test_a_field_with_a_very_long_name_is_named_shortly(shop: Shop) -> None:
    answer = await shop.client.post("/shop/v1/orders", json=ORDER | {"k" * 500_000: 1})
    [wrong] = problem(answer)["errors"]

    assert wrong["field"].startswith("body.kkk")
    assert len(answer.content) < 2_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nothing",
        b'{"lines": [\xff]}',
        b'"\xed\xa0\x80"',
        rb'{"lines": [{"sku": "\ud800", "quantity": 1}]}',
        b"[" * 100_000,
        b'{"lines": ' + b"9" * 10_000 + b"}",
        b"\x00",
    ],
    ids=["empty", "cut", "words", "no UTF-8", "half UTF-8", "half a character", "deep", "a long number", "NUL"],
)
async def test_what_is_no_json_is_not_valid_either(shop: Shop, body: bytes) -> None:
    answer = await shop.client.post("/shop/v1/orders", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, problem(answer)["code"]) == (422, "request_invalid")
    assert problem(answer)["errors"][0]["field"].startswith("body")


async def test_a_body_of_another_type_is_not_valid(shop: Shop) -> None:
    for kind in (b"text/plain", b"application/x-www-form-urlencoded", b"json", b"\xff/\xff"):
        content = json.dumps(ORDER).encode()
        answer = await shop.client.post("/shop/v1/orders", content=content, headers={b"Content-Type": kind})
        assert (answer.status_code, problem(answer)["code"]) == (422, "request_invalid")


async def test_a_wrong_path_parameter_is_named(shop: Shop) -> None:
    answer = await shop.client.get("/shop/v1/orders/5")

    assert answer.status_code == 422
    assert problem(answer)["errors"][0]["field"] == "path.order_id"


@pytest.mark.parametrize(
    "path", ["/shop/v1/nothing", "/shop/", "/shop", "/nothing/v1/orders", "/shop/v1/orders/a/b", "/%00"]
)
async def test_a_path_that_leads_nowhere_is_said_to(shop: Shop, path: str) -> None:
    answer = await shop.client.get(path, follow_redirects=True)

    assert (answer.status_code, problem(answer)["code"]) == (404, "no_such_path")


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT", "BREW"])
async def test_a_method_that_is_not_there_is_said_to(shop: Shop, method: str) -> None:
    answer = await shop.client.request(method, "/shop/v1/orders")

    assert (answer.status_code, problem(answer)["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"]


SECRET = "INSERT INTO member VALUES ('personal')"


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(SECRET),
        AssertionError(SECRET),
        RecursionError(SECRET),
        asyncpg.UniqueViolationError(SECRET),
        asyncpg.CheckViolationError(SECRET),
        asyncpg.NumericValueOutOfRangeError(SECRET),
        asyncpg.DataError(SECRET),
        asyncpg.UndefinedTableError(SECRET),
        asyncpg.PostgresSyntaxError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_our_own_faults_say_nothing_of_the_inside(shop: Shop, error: Exception) -> None:
    answer = await shop.fail(error)

    assert (answer.status_code, problem(answer)["code"]) == (500, "internal_error")
    assert "personal" not in answer.text


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError(SECRET),
        asyncpg.CannotConnectNowError(SECRET),
        asyncpg.AdminShutdownError(SECRET),
        asyncpg.TooManyConnectionsError(SECRET),
        asyncpg.LockNotAvailableError(SECRET),
        asyncpg.DeadlockDetectedError(SECRET),
        asyncpg.SerializationError(SECRET),
        asyncpg.QueryCanceledError(SECRET),
        asyncpg.InterfaceError(SECRET),
        asyncpg.InternalClientError(SECRET),
        asyncpg.ProtocolError(SECRET),
        EOFError(SECRET),
        ConnectionRefusedError(SECRET),
        TimeoutError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_database_that_is_away_or_busy_is_to_be_asked_again(shop: Shop, error: Exception) -> None:
    answer = await shop.fail(error)

    assert (answer.status_code, problem(answer)["code"]) == (503, "database_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert "personal" not in answer.text


@pytest.mark.parametrize(
    "error", [asyncpg.CharacterNotInRepertoireError(SECRET), asyncpg.UntranslatableCharacterError(SECRET)]
)
async def test_a_character_that_cannot_be_stored_is_the_clients(shop: Shop, error: Exception) -> None:
    """Fields refuse NUL by themselves; this is for those that forgot."""
    answer = await shop.fail(error)

    assert (answer.status_code, problem(answer)["code"]) == (422, "request_invalid")
    assert "personal" not in answer.text


async def test_half_a_character_is_the_clients_wherever_it_is_noticed(shop: Shop) -> None:
    """A JSON escape can make a text that has no encoding; the driver or the answer may be the first to see it."""
    noticed = UnicodeEncodeError("utf-8", "\ud800", 0, 1, SECRET)
    refused = asyncpg.DataError(SECRET)
    refused.__cause__ = noticed

    for error in (noticed, refused):
        answer = await shop.fail(error)
        assert (answer.status_code, problem(answer)["code"]) == (422, "request_invalid")
        assert "personal" not in answer.text


async def test_the_api_document_describes_problems_and_nothing_else(shop: Shop) -> None:
    document = (await shop.client.get("/shop/openapi.json")).json()

    assert "Problem" in document["components"]["schemas"]
    assert not {"HTTPValidationError", "ValidationError"} & document["components"]["schemas"].keys()
    for path, methods in document["paths"].items():
        for described in methods.values():
            for status, answer in described["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == [MEDIA_TYPE], path
