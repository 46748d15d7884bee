"""What waits by itself: types that an older version did not know, and events behind another one of their key."""

from common.bus.dead_letters import DeadLetterSettled, EarlierLetterOpen, ReplayFailed, replay
from common.bus.records import Handlers
from common.contracts.topics import CATALOGUE
from common.db import Database

# Those that may go now: of a type that is known, and, where order is declared, behind none of their key that may not.
_REPLAYABLE = """
WITH waiting AS (
    SELECT id, key, reason IN ('unknown_type', 'behind') AND type = ANY($2::text[]) AS replayable
    FROM dead_letter WHERE consumer_group = $1 AND state = 'open'
)
SELECT id, key FROM waiting
WHERE replayable AND NOT ($3 AND EXISTS (
    SELECT FROM waiting AS earlier WHERE earlier.key = waiting.key AND earlier.id < waiting.id AND NOT earlier.replayable
))
ORDER BY id LIMIT $4
"""


async def replay_known(db: Database, handlers: Handlers, *, limit: int = 500) -> int:
    """Replay, oldest first, what an older version parked and this one knows, and what waits behind nothing any more;
    returns how many. A failure stops its key where order is declared, and nothing else.
    """
    rows = await db.fetch(_REPLAYABLE, db.service, list(CATALOGUE), handlers.ordered, limit)
    failed: set[str] = set()
    replayed = 0
    for row in rows:
        if handlers.ordered and row["key"] in failed:
            continue
        try:
            await replay(db, row["id"], handlers)
            replayed += 1
        except (DeadLetterSettled, EarlierLetterOpen, ReplayFailed):
            failed.add(row["key"])
    return replayed
