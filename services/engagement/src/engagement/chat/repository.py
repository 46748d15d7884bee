from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import HIGHEST

_INSERT = """
INSERT INTO chat_message (id, channel, message_id, community_id, sender, member_id, text, sent_at, received_at)
SELECT id, $1, message_id, community_id, sender, member_id, text, sent_at, $2
FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::timestamptz[])
    AS message (id, message_id, community_id, sender, member_id, text, sent_at)
ORDER BY message_id
ON CONFLICT (channel, message_id) DO NOTHING
RETURNING community_id, member_id
"""

_LIST = """
SELECT id, channel, sender, member_id, text, sent_at, received_at FROM chat_message
WHERE community_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
"""


async def insert(
    uow: UnitOfWork,
    *,
    channel: str,
    at: datetime,
    messages: Sequence[tuple[UUID, str, UUID, str, UUID | None, str, datetime]],
) -> list[Record]:
    """Those that are new. `messages`: id, the channel's id, community, sender, member, text, time."""
    if not messages:
        return []
    columns = [list(column) for column in zip(*messages, strict=True)]
    return await uow.fetch(_INSERT, channel, at, *columns)


async def list_of_community(reader: Database, *, community_id: UUID, before: UUID | None, limit: int) -> list[Record]:
    """Newest first."""
    return await reader.fetch(_LIST, community_id, before or HIGHEST, limit)


async def empty_of(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    await uow.execute("UPDATE chat_message SET text = '', sender = '' WHERE member_id = ANY($1)", list(member_ids))
