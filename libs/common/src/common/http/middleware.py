"""What surrounds every request: its ids, its measures, its size."""

import re
from time import perf_counter

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import context
from common.http.problems import BODY_TOO_LARGE, problem_response, unexpected
from common.ids import new_id

log = structlog.get_logger(__name__)

_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class HttpMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["method", "route", "status"]
        self.requests = Counter("http_requests", "Requests answered", labels, registry=registry)
        self.seconds = Histogram(
            "http_request_duration_seconds",
            "Time to the answer",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=registry,
        )


class RequestContext:
    """Takes in or makes the request and correlation ids, gives them back, and measures the request.

    It is also the last to see a failure, since outside of it there are no ids to log and to answer with.
    """

    def __init__(self, app: ASGIApp, *, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _id_of(headers.get("x-request-id")) or str(new_id())
        correlation_id = _id_of(headers.get("x-correlation-id")) or request_id
        token = context.correlation_id.set(correlation_id)
        began = perf_counter()
        status = 500
        answering = False

        async def send_with_ids(message: Message) -> None:
            nonlocal status, answering
            if message["type"] == "http.response.start":
                status, answering = message["status"], True
                answer = MutableHeaders(scope=message)
                answer["x-request-id"] = request_id
                answer["x-correlation-id"] = correlation_id
                answer["x-content-type-options"] = "nosniff"
            await send(message)

        try:
            await self._app(scope, receive, send_with_ids)
        except Exception as error:
            if answering:
                raise
            await unexpected(scope["path"], error)(scope, receive, send_with_ids)
        finally:
            self._measure(scope, status, perf_counter() - began)
            context.correlation_id.reset(token)

    def _measure(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"  # a client may invent any number of them
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        if not route.startswith(("/health", "/metrics")):
            log.info("request", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 2))


class BodyLimit:
    """Refuses a request body over the limit, announced or streamed, before anyone reads it whole."""

    def __init__(self, app: ASGIApp, *, maximum_bytes: int) -> None:
        self._app = app
        self._maximum = maximum_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _announced(Headers(scope=scope)) > self._maximum:
            await self._refuse(scope, receive, send)
            return
        received = 0
        started = False

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._maximum:
                raise BodyTooLarge(self._maximum)
            return message

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive_counted, send_noted)
        except BodyTooLarge:
            if started:
                raise
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = BodyTooLarge(self._maximum)
        response = problem_response(413, code=BODY_TOO_LARGE, detail=error.detail, headers=error.headers)
        await response(scope, receive, send)


class BodyTooLarge(HTTPException):
    """FastAPI lets this kind of error pass while it reads a body; any other becomes "cannot be read"."""

    def __init__(self, maximum_bytes: int) -> None:
        detail = f"the body is larger than {maximum_bytes} bytes; send less at once"
        super().__init__(413, detail, headers={"Connection": "close"})


def _announced(headers: Headers) -> int:
    """The length that the client says the body has; 0 when it says none, or nothing that is a number."""
    said = headers.get("content-length", "")
    return int(said[:20]) if said.isascii() and said.isdigit() else 0


def _route_of(scope: Scope) -> str:
    """The path template that matched, as FastAPI leaves it in the scope; requests that match nothing are one series."""
    matched = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return "unmatched" if isinstance(matched, Mount) else getattr(matched, "path", "unmatched")


def _id_of(value: str | None) -> str | None:
    """A client's id, when it is safe to log and to send on."""
    return value if value is not None and _SAFE_ID.fullmatch(value) else None
