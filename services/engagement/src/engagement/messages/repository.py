from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST
from engagement.messages.domain import Message

_INSERT = """
INSERT INTO message (id, member_id, template, channel, text_zh, text_en, sent_at)
SELECT id, member_id, template, channel, text_zh, text_en, $1
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
    AS message (id, member_id, template, channel, text_zh, text_en)
"""


_INBOX = """
SELECT * FROM message WHERE member_id = $1 AND channel = 'inbox' AND (NOT $2 OR read_at IS NULL)
    AND id < $3
ORDER BY id DESC LIMIT $4
"""

_READ = """
UPDATE message SET read_at = $3 WHERE id = $1 AND member_id = $2 AND channel = 'inbox' AND read_at IS NULL
"""

_UNREAD = "SELECT count(*) FROM message WHERE member_id = $1 AND channel = 'inbox' AND read_at IS NULL"


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
    return await reader.fetch(_INBOX, member_id, unread, before or HIGHEST, limit)


async def empty_of(uow: UnitOfWork, member_ids: Collection[UUID]) -> list[UUID]:
    """Empty the messages to members, also those that are no letters. Their ids."""
    rows = await uow.fetch(
        "UPDATE message SET text_zh = '', text_en = '' WHERE member_id = ANY($1) RETURNING id", list(member_ids)
    )
    return [row["id"] for row in rows]
