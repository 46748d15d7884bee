"""Requests that must not be carried out twice: `Idempotency-Key`, stored with the answer in the transaction of the effect."""

import hashlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from common.auth.principal import Principal
from common.db import Database, UnitOfWork
from common.errors import Conflict, Invalid

KEY_LENGTH = 255


class IdempotencyKeyReused(Invalid):
    """The key was used for another request."""


class RequestInProgress(Conflict):
    """The same request is being carried out right now."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    actor: str
    key: str
    request_hash: bytes


async def request_key(
    request: Request,
    idempotency_key: Annotated[
        str,
        Header(
            min_length=1,
            max_length=KEY_LENGTH,
            pattern=r"^[\x21-\x7e]+$",
            description="Made by the client, once a request.",
        ),
    ],
) -> RequestKey:
    """The caller's key, bound to who calls what with which body. Comes after the route's rule has found the caller."""
    principal: Principal | None = getattr(request.state, "principal", None)
    actor = str(principal.id) if principal else "anonymous"
    said = b"\0".join(
        [request.method.encode(), request.url.path.encode(), request.url.query.encode(), await request.body()]
    )
    return RequestKey(actor, idempotency_key, hashlib.sha256(said).digest())


OnceKey = Annotated[RequestKey, Depends(request_key)]


async def run_once(
    db: Database, key: RequestKey, action: Callable[[UnitOfWork], Awaitable[BaseModel]], *, status: int = 201
) -> Response:
    """Carry out the action, or give the answer of the time it was carried out.

    A repeat at the same time waits for the first (`lock_timeout`). An action that raises leaves no trace of its key.
    """
    async with db.transaction() as uow:
        stored = await _claim(uow, key)
        if stored is None:
            answer = await action(uow)
            stored = (status, answer.model_dump_json().encode())
            await uow.execute(
                "UPDATE idempotency_key SET status = $3, response = $4 WHERE actor = $1 AND key = $2",
                key.actor,
                key.key,
                *stored,
            )
    return Response(stored[1], status_code=stored[0], media_type="application/json")


async def forget_answers_about(uow: UnitOfWork, ids: Collection[UUID]) -> None:
    """Drop the stored answers that show one of these things: what they say of it is to be forgotten."""
    if ids:
        await uow.execute(
            "DELETE FROM idempotency_key WHERE convert_from(response, 'UTF8')::jsonb->>'id' = ANY($1)",
            [str(one) for one in ids],
        )


async def _claim(uow: UnitOfWork, key: RequestKey) -> tuple[int, bytes] | None:
    """Take the key, or the answer stored under it. Raises RequestInProgress, IdempotencyKeyReused."""
    try:
        claimed = await uow.execute(
            "INSERT INTO idempotency_key (actor, key, request_hash, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            key.actor,
            key.key,
            key.request_hash,
            datetime.now(UTC),
        )
    except asyncpg.LockNotAvailableError as error:
        raise RequestInProgress("this request is being carried out; ask again", retry_after_seconds=1) from error
    if claimed:
        return None
    row = await uow.fetchrow(
        "SELECT request_hash, status, response FROM idempotency_key WHERE actor = $1 AND key = $2", key.actor, key.key
    )
    if row is None or row["status"] is None:
        raise RequestInProgress("this request is being carried out; ask again", retry_after_seconds=1)
    if row["request_hash"] != key.request_hash:
        raise IdempotencyKeyReused("this Idempotency-Key was used for another request; make a new one")
    return row["status"], row["response"]
