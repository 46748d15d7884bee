from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from common.connection import Record
from common.db import Database, UnitOfWork
from lifecycle.journal.domain import Entry

# The lanes are the writer's own: nobody else takes the next number.
_INSERT = """
INSERT INTO journal (lane, number, kind, gate_at, watermark, revision, software, subjects, inputs)
SELECT lane, (SELECT coalesce(max(number), 0) + 1 FROM journal WHERE journal.lane = entry.lane),
       $1, gate_at, watermark, revision, $2, subjects, inputs
FROM unnest($3::smallint[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::bytea[], $8::bytea[])
    AS entry (lane, gate_at, watermark, revision, subjects, inputs)
"""

_FILE = """
INSERT INTO journal (lane, number, kind, gate_at, watermark, revision, inputs, subjects, software)
SELECT *, $9 FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[],
                         $7::bytea[], $8::bytea[])
"""

_READ = """
SELECT lane, number, kind, gate_at, watermark, revision, inputs FROM journal
WHERE lane = $1 AND number > $2 AND ($3::bytea IS NULL OR position($3 IN subjects) > 0)
    AND ($4::bigint IS NULL OR revision < $4) AND ($5::timestamptz IS NULL OR gate_at < $5)
ORDER BY number LIMIT $6
"""

_PAST = """
SELECT lane, number, 'time' AS kind, gate_at, watermark, revision, ''::bytea AS inputs FROM journal
WHERE lane = $1 AND number > $2 AND watermark >= $3 ORDER BY number LIMIT 1
"""

_SIZE = """
SELECT lane, count(*) AS entries, max(number) AS last, coalesce(sum(octet_length(inputs)), 0)::bigint AS bytes
FROM journal WHERE $1::bigint IS NULL OR revision < $1 GROUP BY lane ORDER BY lane
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    lane: int
    gate_at: datetime
    watermark: datetime | None
    revision: int
    subjects: bytes
    inputs: bytes


async def insert(uow: UnitOfWork, rows: Sequence[Row], *, kind: str, software: str) -> None:
    """One of a lane."""
    await uow.execute(
        _INSERT,
        kind,
        software,
        [row.lane for row in rows],
        [row.gate_at for row in rows],
        [row.watermark for row in rows],
        [row.revision for row in rows],
        [row.subjects for row in rows],
        [row.inputs for row in rows],
    )


async def take_time(uow: UnitOfWork) -> None:
    """Longer than the role's bound: nobody reads the log of an installation that has lived nothing yet."""
    await uow.execute("SET LOCAL transaction_timeout = '12h'")


async def file(uow: UnitOfWork, entries: Sequence[tuple[Entry, bytes]], *, software: str) -> None:
    rows = [(*msgspec.structs.astuple(entry), subjects) for entry, subjects in entries]
    await uow.execute(_FILE, *map(list, zip(*rows, strict=True)), software)


async def read(
    reader: Database | UnitOfWork,
    lane: int,
    *,
    after: int,
    subject: bytes | None,
    before_revision: int | None,
    before: datetime | None,
    limit: int,
) -> list[Record]:
    return await reader.fetch(_READ, lane, after, subject, before_revision, before, limit)


async def first_past(reader: Database | UnitOfWork, lane: int, moment: datetime, *, after: int) -> Record | None:
    return await reader.fetchrow(_PAST, lane, after, moment)


async def sizes(reader: Database | UnitOfWork, *, before_revision: int | None) -> list[Record]:
    return await reader.fetch(_SIZE, before_revision)
