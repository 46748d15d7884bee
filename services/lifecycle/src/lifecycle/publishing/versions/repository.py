from common.connection import Record
from common.db import Database, UnitOfWork

_INSERT = """
INSERT INTO policy_version (number, text, tz, metrics, attributes)
SELECT coalesce(max(number), 0) + 1, $1, $2, $3, $4 FROM policy_version RETURNING number
"""


async def insert(uow: UnitOfWork, *, text: str, tz: str, metrics: dict[str, int], attributes: dict[str, int]) -> int:
    number: int = await uow.fetchval(_INSERT, text, tz, metrics, attributes)
    return number


async def find(reader: Database | UnitOfWork, number: int) -> Record | None:
    rows = await reader.fetch("SELECT * FROM policy_version WHERE number = $1", number)
    return rows[0] if rows else None


async def numbers_given(reader: Database | UnitOfWork) -> list[Record]:
    """Every permanent number that was ever given: (metrics, attributes) of each version."""
    return await reader.fetch("SELECT metrics, attributes FROM policy_version")


async def revision(reader: Database | UnitOfWork) -> int:
    latest: int = await reader.fetchval("SELECT coalesce(max(revision), 0) FROM policy_change")
    return latest
