"""Forgetting old days of the log, by age: who keeps longer history promises it itself (the lifecycle's journal).

Other services' cursors are not asked. The relay's is, since it is our own: what was not carried to Kafka nobody there has.
"""

from datetime import UTC, timedelta

import structlog

from common.bus.outbox import partition_name
from common.connection import Connection, Record
from common.db import Database

log = structlog.get_logger(__name__)

# The days of the log, oldest first; also those whose removal was interrupted (detached, or being detached).
_DAYS = """
SELECT relname, inhrelid IS NOT NULL AS attached, coalesce(inhdetachpending, false) AS detaching
FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname ~ '^outbox_[0-9]{8}$'
ORDER BY relname
"""


async def prune(db: Database, *, keep: timedelta) -> None:
    """Remove the days that ended longer ago than `keep`, oldest first."""
    connection = await db.connect()
    try:
        now = db.clock.log_time() or await connection.fetchval("SELECT clock_timestamp()")
        oldest_kept = partition_name((now - keep).astimezone(UTC).date())
        for day in await connection.fetch(_DAYS):
            if day["relname"] >= oldest_kept:
                break
            if not await _is_carried(connection, day["relname"]):
                log.warning("log day kept for the relay", service=db.service, partition=day["relname"])
                break
            await _remove(connection, day)
            log.info("log day removed", service=db.service, partition=day["relname"])
    finally:
        await connection.close()


async def _is_carried(connection: Connection, name: str) -> bool:
    """Whether no relay has to send anything of this day any more."""
    waits: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM relay WHERE NOT retired AND (generation, id) <"  # noqa: S608 - the name is from pg_class
        f" (SELECT generation, id FROM {name} ORDER BY generation DESC, id DESC LIMIT 1))"
    )
    return not waits


async def _remove(connection: Connection, day: Record) -> None:
    """First the floor, so that a reader below it knows what it missed; then detach without a lock that appends wait for."""
    name = day["relname"]
    await connection.execute(
        "UPDATE log_floor SET (generation, id) = (top.generation, top.id)"  # noqa: S608 - the name is from pg_class
        f" FROM (SELECT generation, id FROM {name} ORDER BY generation DESC, id DESC LIMIT 1) AS top"
        " WHERE (log_floor.generation, log_floor.id) < (top.generation, top.id)"
    )
    if day["detaching"]:
        await connection.execute(f"ALTER TABLE outbox DETACH PARTITION {name} FINALIZE")
    elif day["attached"]:
        await connection.execute(f"ALTER TABLE outbox DETACH PARTITION {name} CONCURRENTLY")
    await connection.execute(f"DROP TABLE {name}")
