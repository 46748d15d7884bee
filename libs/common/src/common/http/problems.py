"""Errors as RFC 9457 problem documents: one place where a kind of error becomes a status."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from common.errors import (
    AppError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
STATUS: dict[type[AppError], int] = {
    Invalid: 422,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    RateLimited: 429,
    Unavailable: 503,
}
BODY_TOO_LARGE = "body_too_large"
UNREADABLE = 400
"""What FastAPI answers to a body that it cannot read as JSON; here, that is a request that is not valid."""
MOST_FAULTS, LONGEST_NAME = 20, 200
"""Of what is wrong in a request, so many faults are told, and of a field's name so many characters: both are the client's."""
UNSTORABLE = {"22021", "22P05"}
"""SQLSTATEs of a text that PostgreSQL cannot hold."""
DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, EOFError)
"""What the driver, its pool and the connection below it raise."""
_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available now",
}


class FieldProblem(BaseModel):
    """One field that is not as it should be."""

    field: str = Field(description="Where it is, such as `body.lines.0.quantity`.")
    message: str = Field(description="What was expected.")


class Problem(BaseModel):
    """What went wrong and what to do about it (RFC 9457)."""

    type: str = Field(description="`urn:huitou:problem:` and the code.")
    title: str
    status: int
    detail: str = Field(description="What a client can do about it.")
    code: str = Field(description="Stable; branch on this.")
    errors: list[FieldProblem] | None = Field(
        None, description="Which fields are wrong, when a request is not valid; at most 20."
    )
    current: dict[str, Any] | None = Field(
        None, description="What holds now, when the request was made on what held before; such as a new quote."
    )


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for statuses that a route may answer with."""
    return {
        status: {
            "description": _TITLES[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def problem_response(
    status: int,
    *,
    code: str,
    detail: str,
    errors: Sequence[FieldProblem] | None = None,
    current: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(
        type=f"urn:huitou:problem:{code}",
        title=_TITLES.get(status, "Error"),
        status=status,
        detail=detail,
        code=code,
        errors=list(errors) if errors else None,
        current=dict(current) if current is not None else None,
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


def status_of(error: AppError) -> int:
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def install(app: FastAPI) -> None:
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _request_invalid)
    app.add_exception_handler(HTTPException, _http_error)
    for kind in DATABASE_ERRORS:
        app.add_exception_handler(kind, _database_error)
    app.add_exception_handler(UnicodeEncodeError, _text_invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _app_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AppError)  # noqa: S101 - the registration above says so
    retry_after = error.extra.get("retry_after_seconds")
    current = error.extra.get("current")
    errors = error.extra.get("errors")
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    status = status_of(error)
    if status == STATUS[Unauthenticated]:
        headers["WWW-Authenticate"] = "Bearer"
    return problem_response(
        status,
        code=error.code,
        detail=error.detail,
        errors=[FieldProblem(field=field[:LONGEST_NAME], message=message) for field, message in errors[:MOST_FAULTS]]
        if isinstance(errors, list)
        else None,
        current=current if isinstance(current, Mapping) else None,
        headers=headers,
    )


async def _request_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the registration above says so
    errors = [
        FieldProblem(field=".".join(str(part) for part in problem["loc"])[:LONGEST_NAME], message=problem["msg"])
        for problem in error.errors()[:MOST_FAULTS]
    ]
    first = f"{errors[0].field}: {errors[0].message}" if errors else "the request is not valid"
    return problem_response(422, code="request_invalid", detail=first, errors=errors)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - the registration above says so
    if error.status_code == UNREADABLE:
        field = FieldProblem(field="body", message="expected JSON in UTF-8")
        return problem_response(422, code="request_invalid", detail=f"body: {field.message}", errors=[field])
    codes = {404: "no_such_path", 405: "method_not_allowed", 413: BODY_TOO_LARGE}
    code = codes.get(error.status_code, "http_error")
    return problem_response(error.status_code, code=code, detail=str(error.detail), headers=error.headers)


async def _database_error(request: Request, error: Exception) -> JSONResponse:
    """The database is away, busy, or refused: rolled back in any case, so trying again is safe. Our own SQL faults are 500."""
    sqlstate = getattr(error, "sqlstate", None) or ""
    if sqlstate in UNSTORABLE or isinstance(error.__cause__, UnicodeEncodeError):
        return await _text_invalid(request, error)
    if isinstance(error, asyncpg.PostgresError) and sqlstate[:2] in {"22", "23", "42"}:
        return unexpected(request.url.path, error)
    log.warning("database not available", error=str(error), sqlstate=sqlstate, path=request.url.path)
    return problem_response(
        503, code="database_unavailable", detail="nothing was changed; try again", headers={"Retry-After": "1"}
    )


async def _text_invalid(_: Request, __: Exception) -> JSONResponse:
    """A text with NUL, or with half of a surrogate pair: JSON can write it, nothing can store it."""
    detail = "a text holds a character that cannot be stored: NUL, or half of a surrogate pair"
    return problem_response(422, code="request_invalid", detail=detail)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    return unexpected(request.url.path, error)


def unexpected(path: str, error: Exception) -> JSONResponse:
    """A fault of ours: everything into the log, nothing to the client."""
    log.error("request failed", path=path, exc_info=error)
    return problem_response(500, code="internal_error", detail="nothing was changed; the failure has been logged")
