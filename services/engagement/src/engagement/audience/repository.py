from collections.abc import Collection, Sequence
from uuid import UUID

from common.contracts.members import ConsentChanged
from common.db import UnitOfWork

_KEEP = """
INSERT INTO member_consent (member_id, purpose, given, changed_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::timestamptz[]) AS told (member_id, purpose)
ORDER BY member_id, purpose
ON CONFLICT (member_id, purpose) DO UPDATE SET given = excluded.given, changed_at = excluded.changed_at
"""

_PERMITTED = """
SELECT member_id, purpose FROM member_consent
WHERE given AND (member_id, purpose) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
ORDER BY member_id, purpose FOR SHARE
"""


async def keep_consents(uow: UnitOfWork, told: Sequence[ConsentChanged]) -> None:
    """Each member and purpose once."""
    await uow.execute(
        _KEEP,
        [event.member_id for event in told],
        [event.purpose for event in told],
        [event.given for event in told],
        [event.changed_at for event in told],
    )


async def find_permitted(uow: UnitOfWork, wanted: Collection[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    rows = await uow.fetch(_PERMITTED, [member_id for member_id, _ in wanted], [purpose for _, purpose in wanted])
    return {(row["member_id"], row["purpose"]) for row in rows}


async def insert_erased(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    await uow.execute(
        "INSERT INTO erased_member (member_id, erased_at) SELECT unnest($1::uuid[]), $2 ON CONFLICT DO NOTHING",
        list(member_ids),
        uow.now,
    )


async def delete_consents(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    await uow.execute("DELETE FROM member_consent WHERE member_id = ANY($1)", list(member_ids))


async def find_erased(uow: UnitOfWork, member_ids: Collection[UUID]) -> set[UUID]:
    rows = await uow.fetch("SELECT member_id FROM erased_member WHERE member_id = ANY($1)", list(member_ids))
    return {row["member_id"] for row in rows}


async def hold(uow: UnitOfWork, member_id: UUID) -> None:
    """Until the unit of work ends nobody has the member alone; waits for who has."""
    await uow.execute("SELECT pg_advisory_xact_lock_shared($1)", _lock_of(member_id))


async def take_alone(uow: UnitOfWork, member_ids: Collection[UUID]) -> None:
    """Wait for whoever holds one of the members, and keep others out until the unit of work ends."""
    for lock in sorted(map(_lock_of, member_ids)):
        await uow.execute("SELECT pg_advisory_xact_lock($1)", lock)


def _lock_of(member_id: UUID) -> int:
    """The part of an id that is random; who shares it by chance waits a little."""
    return int.from_bytes(member_id.bytes[8:], signed=True)
