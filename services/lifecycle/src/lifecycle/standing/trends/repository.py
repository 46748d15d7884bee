from collections.abc import Sequence
from datetime import datetime

from common.connection import Record
from common.db import Database

# One statement is one snapshot: what stands now and what moved since belong together. Who is another by now, or erased,
# stands nowhere, and is not among those of then either.
_TREND = """
WITH moved AS (
    SELECT width_bucket(at, $1::timestamptz[])::int AS period, dimension, previous, current, count(*) AS members
    FROM transition JOIN member USING (member_id) WHERE at >= $2 AND stage IS NOT NULL GROUP BY 1, 2, 3, 4
)
SELECT NULL::int AS period, 'stage' AS dimension, stage AS value, sum(members)::bigint AS members
FROM standing_count GROUP BY stage
UNION ALL SELECT NULL, 'health', health, sum(members)::bigint FROM standing_count GROUP BY health
UNION ALL SELECT NULL, segment, segment, sum(members)::bigint FROM segment_count GROUP BY segment
UNION ALL SELECT period, dimension, current, members FROM moved WHERE current IS NOT NULL
UNION ALL SELECT period, dimension, previous, -members FROM moved WHERE previous IS NOT NULL
"""


async def trend(reader: Database, ends: Sequence[datetime]) -> list[Record]:
    """Without a period: who stands there now; with one: who came, and below 0 who left, from its end to the next."""
    return await reader.fetch(_TREND, list(ends), ends[0])
