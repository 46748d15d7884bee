from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.narrowing import narrowed
from lifecycle.calendars.domain import EPOCH
from lifecycle.receipts.domain import NOTHING, Counted, encode, outcome
from lifecycle.stepping.decisions.domain import Decision

_INSERT = """
INSERT INTO receipt (member_id, rule, key, version, at, gate_at, outcome, until, attempt, detail)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::timestamptz[], $7::text[],
                     $8::timestamptz[], $9::smallint[], $10::bytea[])
"""

_COUNT = """
INSERT INTO receipt_count AS counted (member_id, rule, reason, day, times, version, at, detail)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::int[], $6::int[], $7::timestamptz[], $8::bytea[])
ON CONFLICT (member_id, rule, reason, day) DO UPDATE
SET times = counted.times + excluded.times, version = excluded.version, at = excluded.at, detail = excluded.detail
"""

_LIST = """
SELECT * FROM receipt
WHERE asked ORDER BY number DESC LIMIT $1
"""

_COUNTS_OF = """
SELECT * FROM receipt_count WHERE member_id = $1 AND asked ORDER BY day DESC, at DESC LIMIT $2
"""


_OF_MEMBER = """
SELECT * FROM receipt WHERE member_id = $1 AND asked ORDER BY number DESC LIMIT $2
"""

_UNTIL = """
SELECT * FROM receipt WHERE member_id = $1 AND ($2::timestamptz IS NULL OR (gate_at, number) < ($2, $3))
ORDER BY gate_at DESC, number DESC LIMIT $4
"""

_PRUNE = """
DELETE FROM receipt WHERE number IN (SELECT number FROM receipt WHERE gate_at < $1 LIMIT $2)
"""

_PRUNE_COUNTS = """
DELETE FROM receipt_count WHERE (member_id, rule, reason, day) IN
    (SELECT member_id, rule, reason, day FROM receipt_count WHERE day < $1 LIMIT $2)
"""


async def insert(uow: UnitOfWork, decided: Sequence[tuple[UUID, Decision, datetime]]) -> None:
    """In the order in which they were taken: (member, decision, gate time)."""
    await uow.execute(
        _INSERT,
        [member_id for member_id, _, _ in decided],
        [decision.rule for _, decision, _ in decided],
        [decision.key for _, decision, _ in decided],
        [decision.version for _, decision, _ in decided],
        [decision.at for _, decision, _ in decided],
        [gate for *_, gate in decided],
        [outcome(decision) for _, decision, _ in decided],
        [decision.until for _, decision, _ in decided],
        [decision.attempt for _, decision, _ in decided],
        [encode(decision) for _, decision, _ in decided],
    )


async def count_up(uow: UnitOfWork, counts: Mapping[tuple[UUID, str, str, int], Counted]) -> None:
    """(member, rule, reason, day) → how many more."""
    latest = [count.latest for count in counts.values()]
    await uow.execute(
        _COUNT,
        [member_id for member_id, *_ in counts],
        [rule for _, rule, *_ in counts],
        [reason for *_, reason, _ in counts],
        [date.fromordinal(day + EPOCH) for *_, day in counts],
        [count.times for count in counts.values()],
        [decision.version for decision in latest],
        [decision.at for decision in latest],
        [encode(decision) for decision in latest],
    )


async def forget(uow: UnitOfWork, members: Collection[UUID]) -> None:
    """Their values, and what was only counted."""
    await uow.execute("UPDATE receipt SET detail = $2 WHERE member_id = ANY($1)", list(members), NOTHING)
    await uow.execute("DELETE FROM receipt_count WHERE member_id = ANY($1)", list(members))


async def list_receipts(
    reader: Database,
    *,
    member_id: UUID | None,
    rule: str | None,
    outcome: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int,
    limit: int,
) -> list[Record]:
    """Newest first."""
    where = {
        "member_id =": member_id,
        "rule =": rule,
        "outcome =": outcome,
        "gate_at >=": since,
        "gate_at <": until,
        "number <": before or None,
    }
    return await reader.fetch(*narrowed(_LIST, limit, where=where))


async def counts_of(
    reader: Database, member_id: UUID, *, rule: str | None, since: date | None, limit: int
) -> list[Record]:
    """The latest days first."""
    return await reader.fetch(*narrowed(_COUNTS_OF, member_id, limit, where={"rule =": rule, "day >=": since}))


async def of_member(
    reader: Database, member_id: UUID, *, rule: str | None, since: datetime | None, limit: int
) -> list[Record]:
    """Newest first."""
    return await reader.fetch(*narrowed(_OF_MEMBER, member_id, limit, where={"rule =": rule, "gate_at >=": since}))


async def until(reader: Database, member_id: UUID, *, moment: datetime | None, before: int, limit: int) -> list[Record]:
    """The latest first."""
    return await reader.fetch(_UNTIL, member_id, moment, before, limit)


async def find(reader: Database, number: int) -> Record | None:
    rows = await reader.fetch("SELECT * FROM receipt WHERE number = $1", number)
    return rows[0] if rows else None


async def prune(uow: UnitOfWork, *, before: datetime, limit: int) -> int:
    return await uow.execute(_PRUNE, before, limit)


async def prune_counts(uow: UnitOfWork, *, before: date, limit: int) -> int:
    return await uow.execute(_PRUNE_COUNTS, before, limit)
