import asyncio

import asyncpg
import pytest

from common.bus.poison import is_poison
from common.contracts.envelope import EnvelopeError
from common.errors import Conflict, Invalid, NotFound, Unavailable

BLAMED = [
    ValueError("no"),
    KeyError("no"),
    TypeError("no"),
    AssertionError(),
    ZeroDivisionError(),
    RecursionError(),
    AttributeError(),
    EnvelopeError("no"),
    NotFound("no"),
    Conflict("no"),
    Invalid("no"),
    asyncpg.UniqueViolationError("23505"),
    asyncpg.CheckViolationError("23514"),
    asyncpg.ForeignKeyViolationError("23503"),
    asyncpg.NotNullViolationError("23502"),
    asyncpg.DataError("22000"),
    asyncpg.NumericValueOutOfRangeError("22003"),
    asyncpg.CharacterNotInRepertoireError("22021"),
]
WAITED_OUT = [
    Unavailable("later", retry_after_seconds=1),
    ConnectionError(),
    ConnectionRefusedError(),
    BrokenPipeError(),
    OSError(28, "No space left on device"),
    TimeoutError(),
    EOFError(),
    asyncio.IncompleteReadError(b"", 1),
    MemoryError(),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("another operation is in progress"),
    asyncpg.ConnectionDoesNotExistError("08003"),
    asyncpg.SerializationError("40001"),
    asyncpg.DeadlockDetectedError("40P01"),
    asyncpg.InFailedSQLTransactionError("25P02"),
    asyncpg.DiskFullError("53100"),
    asyncpg.TooManyConnectionsError("53300"),
    asyncpg.LockNotAvailableError("55P03"),
    asyncpg.QueryCanceledError("57014"),
    asyncpg.AdminShutdownError("57P01"),
    asyncpg.CannotConnectNowError("57P03"),
    asyncpg.PostgresIOError("58030"),
    asyncpg.InternalServerError("XX000"),
    asyncpg.UndefinedTableError("42P01"),
    asyncpg.PostgresError("no state"),
]


@pytest.mark.parametrize("error", BLAMED, ids=repr)
def test_the_event_is_to_blame(error: Exception) -> None:
    assert is_poison(error)


@pytest.mark.parametrize("error", WAITED_OUT, ids=repr)
def test_the_surroundings_are_to_blame(error: Exception) -> None:
    assert not is_poison(error)


def test_being_told_to_stop_is_nobodys_fault() -> None:
    assert not is_poison(asyncio.CancelledError())
    assert not is_poison(KeyboardInterrupt())
