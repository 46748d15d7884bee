"""Who may call what: a service's tests hold a table of it, and every role is tried on every route here."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from common.auth.access import Allow
from common.auth.principal import Role
from common.http.idempotency import request_key
from common.testing.services import RunningService

Callers = frozenset[Role | None]
"""The roles that may call; None: who is not signed in."""
Rules = Mapping[str, Callers]
"""`"GET /v1/orders/{order_id}"` → who may."""

ANYONE: Callers = frozenset({None, *Role})
MEMBERS: Callers = frozenset(Role)
"""Everybody signed in is a member."""
OPERATORS: Callers = frozenset({Role.OPERATOR, Role.ADMIN})
NOBODY: Callers = frozenset()
"""No role opens it, a signature does: it answers 401 to all."""

ONCE_BY_ITSELF = frozenset({"POST /v1/dead-letters/{letter_id}/replay", "POST /v1/dead-letters/{letter_id}/discard"})
"""POSTs of every service that change nothing when they are repeated, and so need no key."""

OF_EVERY_SERVICE: Rules = {
    "GET /openapi.json": ANYONE,
    "GET /docs": ANYONE,
    "GET /docs/oauth2-redirect": ANYONE,
    "GET /health/live": ANYONE,
    "GET /health/ready": ANYONE,
    "GET /metrics": ANYONE,
    "GET /v1/dead-letters": OPERATORS,
    "GET /v1/dead-letters/{letter_id}": OPERATORS,
    "POST /v1/dead-letters/{letter_id}/replay": OPERATORS,
    "POST /v1/dead-letters/{letter_id}/discard": OPERATORS,
}


def routes(app: FastAPI) -> set[str]:
    """Everything that is served, also what the API's document leaves out."""
    return {
        f"{method} {route.path_format}"
        for route in iter_route_contexts(app.routes)
        for method in (route.methods or set()) - {"HEAD"}
    }


def thread_hops(app: FastAPI) -> set[str]:
    """Endpoints and dependencies that are not `async`: each costs a request a worker thread."""
    return {
        f"{call.__module__}.{call.__qualname__}"
        for route in iter_route_contexts(app.routes)
        for call in _calls_of(route)
        if not inspect.iscoroutinefunction(call)
        and not (not inspect.isclass(call) and inspect.iscoroutinefunction(type(call).__call__))
    }


def without_key(app: FastAPI) -> set[str]:
    """POSTs that take no Idempotency-Key, or take it before the caller is known whose key it is."""
    return {
        f"POST {route.path_format}"
        for route in iter_route_contexts(app.routes)
        if "POST" in (route.methods or set()) and not _keyed(_calls_of(route))
    }


def _keyed(calls: Sequence[Any]) -> bool:
    rules = [index for index, call in enumerate(calls) if isinstance(call, Allow)]
    return bool(rules) and request_key in calls[rules[0] :]


async def broken_rules(service: RunningService, rules: Rules, **values: str) -> list[str]:
    """The rules that do not hold for a role. `values` stand for path parameters; elsewhere a UUID or word nobody has."""
    given = [
        (operation, role, await _status(service, operation, role, values))
        for operation in rules
        for role in (None, *Role)
    ]
    return [
        f"{operation} for {role}: {status}"
        for operation, role, status in given
        if status >= 500  # noqa: PLR2004 - our own faults
        or (status if status in {401, 403} else None) != _expected(rules[operation], role)
    ]


def _expected(callers: Callers, role: Role | None) -> int | None:
    """The status that refuses; None: the caller comes through."""
    if role in callers:
        return None
    return 403 if role and callers else 401


async def _status(service: RunningService, operation: str, role: Role | None, values: Mapping[str, str]) -> int:
    method, path = operation.split()
    answer = await service.client.request(
        method,
        f"/{service.runtime.service.name}{path.format_map(_Values(values))}",
        json=None if method == "GET" else {},
        headers=service.headers(role, key="new") if role else {},
    )
    return answer.status_code


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        if name == "letter_id":
            return "1"
        return "00000000-0000-0000-0000-000000000001" if name.endswith("_id") else "no_such"


def _calls_of(route: RouteContext) -> list[Any]:
    dependant: Dependant | None = getattr(route.original_route, "dependant", None)
    return list(_calls(dependant)) if dependant else []


def _calls(dependant: Dependant) -> Iterator[Any]:
    """What a request calls: the endpoint, and what it depends on."""
    if dependant.call is not None:
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)
