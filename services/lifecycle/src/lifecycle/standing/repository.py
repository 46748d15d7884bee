from common.connection import Record
from common.db import Database

_ALL = """
SELECT stage, health, sum(members)::bigint AS members FROM standing_count GROUP BY stage, health
HAVING sum(members) > 0 ORDER BY stage, health
"""


async def counts(reader: Database) -> list[Record]:
    return await reader.fetch(_ALL)
