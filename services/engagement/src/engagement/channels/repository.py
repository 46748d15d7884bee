from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from common.connection import Record
from common.db import UnitOfWork

_SET = """
INSERT INTO channel_identity (channel, user_id, member_id, set_at)
SELECT channel, user_id, member_id, $4 FROM unnest($1::text[], $2::text[], $3::uuid[])
    AS identity (channel, user_id, member_id) ORDER BY channel, user_id
ON CONFLICT (channel, user_id) DO UPDATE SET member_id = excluded.member_id, set_at = excluded.set_at
WHERE channel_identity.member_id <> excluded.member_id
"""


async def set_identities(uow: UnitOfWork, identities: Sequence[tuple[str, str, UUID]], *, at: datetime) -> int:
    """How many are new or another member's now."""
    channels, users, members = zip(*identities, strict=True)
    return await uow.execute(_SET, list(channels), list(users), list(members), at)


async def find_members(uow: UnitOfWork, *, channel: str, users: Collection[str]) -> list[Record]:
    return await uow.fetch(
        "SELECT user_id, member_id FROM channel_identity WHERE channel = $1 AND user_id = ANY($2)", channel, list(users)
    )


async def delete_of(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    await uow.execute("DELETE FROM channel_identity WHERE member_id = ANY($1)", list(member_ids))
