"""Events set aside: poison, undecodable bytes, unknown types, events from the future, and what waits behind them.

They are written in the transaction of the batch that met them, and replayed each in one transaction with their effect.
A replay bypasses positions: the cursor has long passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from common.bus.lanes import lane_of
from common.bus.locks import lock_lanes
from common.bus.poison import is_poison
from common.bus.records import Handlers, LogRow, as_columns, from_columns
from common.connection import Record
from common.db import Database, UnitOfWork
from common.errors import Conflict, NotFound

ERROR_LENGTH = 500


class Reason(StrEnum):
    POISON = "poison"
    UNDECODABLE = "undecodable"
    UNKNOWN_TYPE = "unknown_type"
    FUTURE = "future"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class SetAside:
    row: LogRow
    reason: Reason
    error: str


class DeadLetterNotFound(NotFound):
    pass


class DeadLetterSettled(Conflict):
    """It was replayed or discarded already; nothing was done."""


class EarlierLetterOpen(Conflict):
    """An earlier event of the same key still waits; replay that first."""


class ReplayFailed(Conflict):
    """The handler failed again; nothing was changed but the count of attempts."""


_INSERT = """
INSERT INTO dead_letter (consumer_group, producer, generation, position_id, appended_at, key, type, event_id, envelope,
                         reason, error, created_at)
SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::uuid[],
                         $9::bytea[], $10::text[], $11::text[], $12::timestamptz[])
ON CONFLICT (consumer_group, producer, generation, position_id) DO NOTHING
"""

_LIST = """
SELECT id, producer, generation, position_id, appended_at, key, type, event_id, reason, error, state, attempts, created_at,
       settled_at
FROM dead_letter
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR reason = $2) AND id > $3
ORDER BY id LIMIT $4
"""


async def set_aside(uow: UnitOfWork, *, group: str, letters: Sequence[SetAside]) -> None:
    """The letters of one batch are numbered in log order, whatever found them: that is the order of their replay."""
    if not letters:
        return
    letters = sorted(letters, key=lambda letter: letter.row.position)
    rows = [letter.row for letter in letters]
    await uow.execute(
        _INSERT,
        group,
        *as_columns(rows),
        [letter.reason.value for letter in letters],
        [_printable(letter.error) for letter in letters],
        [uow.now] * len(letters),
    )


async def open_keys(uow: UnitOfWork, *, group: str, keys: Sequence[str]) -> set[str]:
    """Those of the keys for which an event waits."""
    rows = await uow.fetch(
        "SELECT DISTINCT key FROM dead_letter WHERE consumer_group = $1 AND state = 'open' AND key = ANY($2)",
        group,
        list(keys),
    )
    return {row["key"] for row in rows}


async def list_letters(
    db: Database, *, state: str | None = "open", reason: str | None = None, after: int = 0, limit: int = 50
) -> list[Record]:
    """Oldest first, without the bytes."""
    return await db.fetch(_LIST, state, reason, after, limit)


async def count_open(db: Database) -> dict[str, int]:
    """How many wait, by reason; every reason is there."""
    rows = await db.fetch("SELECT reason, count(*) AS letters FROM dead_letter WHERE state = 'open' GROUP BY reason")
    return {reason.value: 0 for reason in Reason} | {row["reason"]: row["letters"] for row in rows}


async def get_letter(db: Database, letter_id: int) -> Record:
    """With the bytes of the event."""
    row = await db.fetchrow("SELECT * FROM dead_letter WHERE id = $1", letter_id)
    if row is None:
        raise DeadLetterNotFound(f"there is no dead letter {letter_id}")
    return row


async def discard(db: Database, letter_id: int) -> None:
    """Settle a letter without its effect, for good."""
    async with db.transaction() as uow:
        await _settle(uow, letter_id, "discarded")


async def replay(db: Database, letter_id: int, handlers: Handlers) -> None:
    """Handle a letter's event now: its effect and the letter's end in one transaction, so that two operators do it once.
    An event from the future is taken in as appended now: it must not take along whoever it is about.
    """
    try:
        async with db.transaction() as uow:
            await lock_lanes(uow, db.service, await _lanes_of(uow, letter_id))
            row = await _settle(uow, letter_id, "replayed")
            if handlers.ordered:
                await _refuse_overtaking(uow, row)
            received = from_columns({**row, "appended_at": min(row["appended_at"], uow.now)})
            handler = handlers.table.get(type(received.event))
            if handler is not None:
                await handler(uow, [received])
    except (DeadLetterNotFound, DeadLetterSettled, EarlierLetterOpen):
        raise
    except Exception as error:
        if not is_poison(error):
            raise
        await _count_attempt(db, letter_id, f"{type(error).__name__}: {error}")
        raise ReplayFailed(f"dead letter {letter_id} failed again: {error}") from error


async def _lanes_of(uow: UnitOfWork, letter_id: int) -> list[int]:
    """Its key's; a letter never changes that."""
    key = await uow.fetchval("SELECT key FROM dead_letter WHERE id = $1", letter_id)
    return [] if key is None else [lane_of(key)]


async def _settle(uow: UnitOfWork, letter_id: int, state: str) -> Record:
    row = await uow.fetchrow(
        "UPDATE dead_letter SET state = $2, settled_at = $3 WHERE id = $1 AND state = 'open' RETURNING *",
        letter_id,
        state,
        uow.now,
    )
    if row is not None:
        return row
    if await uow.fetchval("SELECT EXISTS (SELECT FROM dead_letter WHERE id = $1)", letter_id):
        raise DeadLetterSettled(f"dead letter {letter_id} is settled already")
    raise DeadLetterNotFound(f"there is no dead letter {letter_id}")


async def _refuse_overtaking(uow: UnitOfWork, row: Record) -> None:
    earlier = await uow.fetchval(
        "SELECT min(id) FROM dead_letter WHERE consumer_group = $1 AND key = $2 AND state = 'open' AND id < $3",
        row["consumer_group"],
        row["key"],
        row["id"],
    )
    if earlier is not None:
        raise EarlierLetterOpen(f"dead letter {earlier} of the same key still waits; replay or discard it first")


async def _count_attempt(db: Database, letter_id: int, error: str) -> None:
    """What waited for a version or for another event, and then failed, waits for a person from now on."""
    async with db.transaction() as uow:
        await uow.execute(
            "UPDATE dead_letter SET attempts = attempts + 1, error = $2,"
            " reason = CASE WHEN reason IN ('unknown_type', 'behind') THEN 'poison' ELSE reason END"
            " WHERE id = $1 AND state = 'open'",
            letter_id,
            _printable(error),
        )


def _printable(error: str) -> str:
    """Cut, and without what a text column refuses: NUL and half characters."""
    return error[:ERROR_LENGTH].replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
