"""Who is to blame for a failure: the event, or the surroundings."""

import asyncpg

from common.errors import Unavailable

_OUTAGES = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    EOFError,
    TimeoutError,
    Unavailable,
    MemoryError,
)


def is_poison(error: BaseException) -> bool:
    """Is the event to blame (set it aside), or the surroundings (roll back, wait, come again)?

    SQLSTATE classes 22 (data) and 23 (integrity) are the event's; every other database or network error is an outage,
    never a reason to lose an event. What a handler raises of its own is the event's.
    """
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in {"22", "23"}
    return isinstance(error, Exception) and not isinstance(error, _OUTAGES)
