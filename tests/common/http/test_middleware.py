"""What surrounds every request: ids in and out, a bound on bodies, measures that stay few."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from common import context
from common.http.middleware import BodyLimit
from factories.shop import Shop, open_shop

ID = "/shop/v1/orders/00000000-0000-0000-0000-000000000001"
ROUTE = "/v1/orders/{order_id}"
LIMIT = 2048


async def test_ids_are_made_and_given_back(shop: Shop) -> None:
    first, second = await shop.client.get(ID), await shop.client.get(ID)

    assert UUID(first.headers["x-request-id"]).version == 7
    assert first.headers["x-correlation-id"] == first.headers["x-request-id"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_the_clients_ids_are_kept_and_accompany_the_work(shop: Shop) -> None:
    answer = await shop.client.get(ID, headers={"X-Request-ID": "r-1", "X-Correlation-ID": "cart:7f.3_c"})

    assert (answer.headers["x-request-id"], answer.headers["x-correlation-id"]) == ("r-1", "cart:7f.3_c")
    assert answer.json()["correlation_id"] == "cart:7f.3_c"
    assert context.correlation_id.get() is None


async def test_a_request_id_alone_is_the_correlation_id(shop: Shop) -> None:
    answer = await shop.client.get(ID, headers={"X-Request-ID": "r-1"})

    assert answer.headers["x-correlation-id"] == "r-1"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200).filter(lambda value: not all(chr(byte).isalnum() or byte in b"._:-" for byte in value)))
async def test_an_id_that_is_not_safe_to_log_is_replaced(shop: Shop, value: bytes) -> None:
    headers: list[tuple[bytes, bytes]] = [(b"x-request-id", value), (b"x-correlation-id", value)]
    started = await _ask(shop, headers)

    for name in (b"x-request-id", b"x-correlation-id"):
        assert UUID(started[name].decode()).version == 7


@pytest.mark.parametrize("value", ["", "a" * 129, "a b", "ü", "<script>", "a\tb"])
async def test_ids_have_a_length_and_an_alphabet(shop: Shop, value: str) -> None:
    started = await _ask(shop, [(b"x-request-id", value.encode())])

    assert UUID(started[b"x-request-id"].decode()).version == 7


async def _ask(shop: Shop, headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers of the answer, asked without a client that would mend our own."""
    sent: list[Message] = []
    address = {"path": ID, "raw_path": ID.encode(), "root_path": "", "query_string": b"", "scheme": "http"}
    asked = {"type": "http", "http_version": "1.1", "method": "GET", "headers": headers, "client": ("127.0.0.1", 1)}

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await shop.app({**asked, **address}, receive, send)
    return dict(sent[0]["headers"])


async def test_a_failure_has_its_ids_too_in_the_answer_and_in_the_log(shop: Shop, logged: list[Any]) -> None:
    shop.fault(RuntimeError("a fault of ours"))
    answer = await shop.client.get("/shop/v1/fault", headers={"X-Correlation-ID": "cart-1"})

    assert answer.status_code == 500
    assert answer.headers["x-correlation-id"] == "cart-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    [failure] = [line for line in logged if line["event"] == "request failed"]
    assert failure["exc_info"].args == ("a fault of ours",)
    assert failure["correlation_id"] == "cart-1"


async def test_every_request_is_one_log_line_without_its_query(shop: Shop, logged: list[Any]) -> None:
    await shop.client.get(f"{ID}?token=secret")

    [line] = [line for line in logged if line["event"] == "request"]
    assert (line["method"], line["route"], line["status"]) == ("GET", ROUTE, 200)
    assert "secret" not in str(logged)


async def test_probes_are_not_logged(shop: Shop, logged: list[Any]) -> None:
    await shop.client.get("/shop/health/live")
    await shop.client.get("/shop/metrics")

    assert logged == []


async def test_a_route_is_one_series_whatever_its_ids(shop: Shop) -> None:
    for number in range(3):
        await shop.client.get(f"/shop/v1/orders/{UUID(int=number)}")
    await shop.client.get("/shop/v1/orders/wrong")

    assert shop.value("http_requests_total", method="GET", route=ROUTE, status="200") == 3
    assert shop.value("http_requests_total", method="GET", route=ROUTE, status="422") == 1
    assert shop.value("http_request_duration_seconds_count", method="GET", route=ROUTE) == 4


async def test_what_matches_nothing_is_one_series(shop: Shop) -> None:
    for path in ("/shop/x", "/shop/v1/y", "/shop/v1/orders/a/b", "/shop/"):
        await shop.client.get(path)

    assert shop.value("http_requests_total", method="GET", route="unmatched", status="404") == 4


async def test_a_failure_is_counted_as_one(shop: Shop) -> None:
    await shop.fail(RuntimeError("x"))

    assert shop.value("http_requests_total", method="GET", route="/v1/fault", status="500") == 1


async def test_methods_that_nobody_knows_are_one_series(shop: Shop) -> None:
    for method in ("BREW", "X1", "X2"):
        assert (await shop.client.request(method, ID)).status_code == 405

    methods = {
        sample.labels["method"]
        for family in shop.runtime.registry.collect()
        for sample in family.samples
        if "method" in sample.labels
    }
    assert methods == {"OTHER"}


async def test_metrics_name_no_member(shop: Shop) -> None:
    headers = shop.signer.headers(member_id=UUID(int=7))
    await shop.client.get("/shop/v1/me", headers=headers)

    text = (await shop.client.get("/shop/metrics")).text
    assert 'route="/v1/me"' in text
    assert str(UUID(int=7)) not in text


@pytest.fixture
async def small() -> AsyncIterator[Shop]:
    """A service that takes little at once."""
    async with open_shop(maximum_body_bytes=LIMIT) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/shop/v1/files", "/shop/v1/orders", "/shop/v1/words", "/shop/v1/nothing"])
async def test_a_body_that_is_announced_too_large_is_refused_unread(small: Shop, path: str) -> None:
    answer = await small.client.post(path, content=b"x" * (LIMIT + 1), headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert str(LIMIT) in answer.json()["detail"]
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/shop/v1/files", "/shop/v1/orders", "/shop/v1/words"])
async def test_a_body_that_turns_out_too_large_is_refused(small: Shop, path: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(LIMIT // 100 + 1):
            yield b" " * 100

    answer = await small.client.post(path, content=chunks(), headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert str(LIMIT) in answer.json()["detail"]


async def test_a_body_of_the_limit_is_taken(small: Shop) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * (LIMIT - 1)
        yield b"x"

    assert (await small.client.post("/shop/v1/files", content=b"x" * LIMIT)).json() == LIMIT
    assert (await small.client.post("/shop/v1/files", content=chunks())).json() == LIMIT


@pytest.mark.parametrize("announced", [b"9" * 5000, b"\xb2", b"-1", b"x", b"", b"1e9"])
async def test_an_announcement_that_is_no_number_breaks_nothing(announced: bytes) -> None:
    """Servers refuse these before us; if one does not, the body is still counted."""
    assert await _limited(announced, b"x" * LIMIT) in {200, 413}
    assert await _limited(announced, b"x" * (LIMIT + 1)) == 413


async def _limited(announced: bytes, body: bytes) -> int:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    sent: list[Message] = []
    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", announced)]}
    await BodyLimit(app, maximum_bytes=LIMIT)(scope, receive, send)
    status: int = sent[0]["status"]
    return status
