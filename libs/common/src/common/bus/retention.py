"""Forgetting old days of the log, by age alone: who keeps longer history promises it itself (the lifecycle's journal)."""

from datetime import UTC, date, datetime, timedelta

import structlog

from common.bus.outbox import partition_name
from common.connection import Connection
from common.db import Database

log = structlog.get_logger()

_PARTITIONS = """
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'outbox'::regclass ORDER BY relname
"""


async def prune(db: Database, *, keep: timedelta) -> None:
    """Remove the days that ended longer ago than `keep`, oldest first."""
    connection = await db.connect()
    try:
        now = db.clock.log_time() or await connection.fetchval("SELECT clock_timestamp()")
        last = (now - keep).astimezone(UTC).date()
        names = [row["relname"] for row in await connection.fetch(_PARTITIONS)]
        for name in names:
            if name < partition_name(last):
                await _remove(db, connection, name)
    finally:
        await connection.close()


async def _remove(db: Database, connection: Connection, name: str) -> None:
    """First the floor, so that a reader below it knows what it missed; then detach without a lock that appends wait for."""
    top = await connection.fetchrow(f"SELECT generation, id FROM {name} ORDER BY generation DESC, id DESC LIMIT 1")
    if top is not None:
        await connection.execute(
            "UPDATE log_floor SET generation = $1, id = $2 WHERE (generation, id) < ($1, $2)",
            top["generation"],
            top["id"],
        )
    await connection.execute(f"ALTER TABLE outbox DETACH PARTITION {name} CONCURRENTLY")
    await connection.execute(f"DROP TABLE {name}")
    log.info("log day removed", service=db.service, partition=name)


def day_of(name: str) -> date:
    """`outbox_20261123` → that day."""
    return datetime.strptime(name, "outbox_%Y%m%d").replace(tzinfo=UTC).date()
