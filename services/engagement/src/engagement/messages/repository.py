from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from engagement.messages.domain import Message

_CLAIM = """
INSERT INTO message_action (action_id, member_id, template, channel, settled_at)
SELECT action_id, member_id, template, channel, $5
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS asked (action_id, member_id, template, channel)
ORDER BY action_id
ON CONFLICT DO NOTHING RETURNING action_id
"""

_SETTLE = """
UPDATE message_action SET outcome = settled.outcome, reason = settled.reason, message_id = settled.message_id
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) AS settled (action_id, outcome, reason, message_id)
WHERE message_action.action_id = settled.action_id AND message_action.outcome IS NULL
"""

_INSERT = """
INSERT INTO message (id, member_id, template, channel, text_zh, text_en, sent_at)
SELECT id, member_id, template, channel, text_zh, text_en, $1
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
    AS message (id, member_id, template, channel, text_zh, text_en)
"""


_INBOX = """
SELECT * FROM message WHERE member_id = $1 AND channel = 'inbox' AND (NOT $2 OR read_at IS NULL)
    AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""

_READ = """
UPDATE message SET read_at = $3 WHERE id = $1 AND member_id = $2 AND channel = 'inbox' AND read_at IS NULL
"""

_UNREAD = "SELECT count(*) FROM message WHERE member_id = $1 AND channel = 'inbox' AND read_at IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an action: a message, or a reason why not."""

    action_id: UUID
    reason: str | None = None
    message_id: UUID | None = None


async def claim(uow: UnitOfWork, asked: Sequence[tuple[UUID, UUID, str, str]]) -> set[UUID]:
    """Take the actions that nobody took before: (action, member, template, channel). Waits for whoever is taking one."""
    columns = [list(column) for column in zip(*asked, strict=True)]
    return {row["action_id"] for row in await uow.fetch(_CLAIM, *columns, uow.now)}


async def settle(uow: UnitOfWork, outcomes: Sequence[Outcome]) -> None:
    await uow.execute(
        _SETTLE,
        [outcome.action_id for outcome in outcomes],
        ["refused" if outcome.reason else "sent" for outcome in outcomes],
        [outcome.reason for outcome in outcomes],
        [outcome.message_id for outcome in outcomes],
    )


async def find_settled(uow: UnitOfWork, actions: Collection[UUID]) -> dict[UUID, Record]:
    rows = await uow.fetch("SELECT * FROM message_action WHERE action_id = ANY($1)", list(actions))
    return {row["action_id"]: row for row in rows}


async def insert(uow: UnitOfWork, messages: Sequence[Message], *, at: datetime) -> None:
    if messages:
        await uow.execute(_INSERT, at, *[list(column) for column in zip(*messages, strict=True)])


async def find(uow: UnitOfWork, *, message_id: UUID, member_id: UUID) -> Record | None:
    return await uow.fetchrow("SELECT * FROM message WHERE id = $1 AND member_id = $2", message_id, member_id)


async def mark_read(uow: UnitOfWork, *, message_id: UUID, member_id: UUID, at: datetime) -> bool:
    """False: it is no letter of theirs, or was read already."""
    return await uow.execute(_READ, message_id, member_id, at) == 1


async def count_unread(reader: Database, member_id: UUID) -> int:
    return int(await reader.fetchval(_UNREAD, member_id))


async def list_inbox(
    reader: Database, *, member_id: UUID, unread: bool, before: UUID | None, limit: int
) -> list[Record]:
    """Newest first."""
    return await reader.fetch(_INBOX, member_id, unread, before, limit)
