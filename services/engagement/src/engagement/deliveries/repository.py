from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST
from common.narrowing import narrowed
from engagement.deliveries.domain import Standing

MOST_ATTEMPTS_SHOWN = 50

_QUEUE = """
INSERT INTO webhook_delivery (id, action_id, member_id, endpoint, rule, key, consent, asked_at, valid_until, state, attempts,
    sending, withdrawn, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', 0, false, false, $10)
"""

_DUE = "SELECT * FROM webhook_delivery WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED"

_LEASE = """
UPDATE webhook_delivery SET sending = true, attempts = attempts + 1, due_at = $2 WHERE id = ANY($1) RETURNING *
"""

_LOCK = "SELECT * FROM webhook_delivery WHERE id = $1 AND attempts = $2 AND sending FOR UPDATE"

_SETTLE = """
UPDATE webhook_delivery SET sending = false, state = $2::text, reason = $3, due_at = $4,
    settled_at = CASE WHEN $2::text = 'waiting' THEN NULL ELSE coalesce(settled_at, $5) END
WHERE id = $1 RETURNING *
"""

_WITHDRAW = """
UPDATE webhook_delivery SET withdrawn = true,
    state = CASE WHEN sending THEN state ELSE 'refused' END,
    reason = CASE WHEN sending THEN reason ELSE 'withdrawn' END,
    due_at = CASE WHEN sending THEN due_at END,
    settled_at = CASE WHEN sending THEN settled_at ELSE $2 END
WHERE action_id = ANY($1) AND state = 'waiting' RETURNING *
"""

_RESEND = """
UPDATE webhook_delivery SET due_at = $2
WHERE id = $1 AND NOT sending AND NOT withdrawn AND valid_until >= $2
    AND (reason IS NULL OR reason IN ('answered_no', 'no_answer')) RETURNING *
"""

_LIST = """
SELECT * FROM webhook_delivery
WHERE id < $1 AND asked ORDER BY id DESC LIMIT $2
"""

_ATTEMPTS = "SELECT * FROM webhook_attempt WHERE delivery_id = $1 ORDER BY number DESC LIMIT $2"


async def queue(uow: UnitOfWork, rows: Sequence[tuple[object, ...]]) -> None:
    """(id, action, member, endpoint, rule, key, consent, asked at, valid until)."""
    await uow.executemany(_QUEUE, [(*row, uow.now) for row in rows])


async def find_due(uow: UnitOfWork, *, limit: int) -> list[Record]:
    """Those due longest, the caller's until they end."""
    return await uow.fetch(_DUE, uow.now, limit)


async def next_due(reader: Database) -> datetime | None:
    due: datetime | None = await reader.fetchval("SELECT min(due_at) FROM webhook_delivery")
    return due


async def lease(uow: UnitOfWork, deliveries: Collection[UUID], *, until: datetime) -> list[Record]:
    """Begin an attempt of each; if it does not end by then, another is made."""
    return await uow.fetch(_LEASE, list(deliveries), until)


async def lock_attempt(uow: UnitOfWork, delivery_id: UUID, *, number: int) -> Record | None:
    """The delivery; None: its attempt took too long, and somebody else makes another."""
    return await uow.fetchrow(_LOCK, delivery_id, number)


async def settle(uow: UnitOfWork, delivery_id: UUID, standing: Standing) -> Record | None:
    return await uow.fetchrow(_SETTLE, delivery_id, standing.state, standing.reason, standing.due_at, uow.now)


async def insert_attempt(
    uow: UnitOfWork, *, delivery_id: UUID, number: int, milliseconds: int, status: int | None, fault: str | None
) -> None:
    await uow.execute(
        "INSERT INTO webhook_attempt (delivery_id, number, ended_at, milliseconds, status, fault)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        delivery_id,
        number,
        uow.now,
        milliseconds,
        status,
        fault,
    )


async def withdraw(uow: UnitOfWork, actions: Collection[UUID]) -> list[Record]:
    """Those that wait: refused now, or, while one is being sent, not sent again."""
    return await uow.fetch(_WITHDRAW, list(actions), uow.now)


async def resend(uow: UnitOfWork, delivery_id: UUID) -> Record | None:
    """None: it may not be sent (any more)."""
    return await uow.fetchrow(_RESEND, delivery_id, uow.now)


async def find(reader: Database | UnitOfWork, delivery_id: UUID) -> Record | None:
    return await reader.fetchrow("SELECT * FROM webhook_delivery WHERE id = $1", delivery_id)


async def find_by_actions(uow: UnitOfWork, actions: Collection[UUID]) -> dict[UUID, Record]:
    rows = await uow.fetch("SELECT * FROM webhook_delivery WHERE action_id = ANY($1)", list(actions))
    return {row["action_id"]: row for row in rows}


async def list_attempts(reader: Database, delivery_id: UUID) -> list[Record]:
    """The newest first."""
    return await reader.fetch(_ATTEMPTS, delivery_id, MOST_ATTEMPTS_SHOWN)


async def list_some(
    reader: Database,
    *,
    endpoint: str | None,
    state: str | None,
    member_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> list[Record]:
    """Newest first."""
    where = {"endpoint =": endpoint, "state =": state, "member_id =": member_id}
    return await reader.fetch(*narrowed(_LIST, before or HIGHEST, limit, where=where))
