"""Every statement that a piece of work sends to PostgreSQL, kept, and sent again without the work: what its reads and writes
cost alone.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import asyncpg

from common.connection import Connection, connect

_METHODS = ("execute", "fetch", "fetchrow", "fetchval", "executemany")


class Statement(NamedTuple):
    connection: int
    method: str
    arguments: tuple[Any, ...]


@contextmanager
def recording() -> Iterator[list[Statement]]:
    """What this process sends inside of the block, over whatever connection, in its order."""
    said: list[Statement] = []

    def listening(method: str, send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def sent(self: "asyncpg.Connection[Any]", *arguments: Any, **options: Any) -> Any:
            said.append(Statement(id(self), method, arguments))
            return await send(self, *arguments, **options)

        return sent

    with ExitStack() as stack:
        for method in _METHODS:
            send = getattr(asyncpg.Connection, method)
            stack.enter_context(patch.object(asyncpg.Connection, method, listening(method, send)))
        yield said


@asynccontextmanager
async def shadows(url: str, *, schema: str, said: list[Statement]) -> AsyncIterator[dict[int, Connection]]:
    """As many connections as it was said over."""
    async with AsyncExitStack() as stack:
        found = {}
        for each in dict.fromkeys(statement.connection for statement in said):
            found[each] = await connect(url, schema=schema, application="shadow")
            stack.push_async_callback(found[each].close)
        yield found


async def say_again(said: list[Statement], connections: dict[int, Connection]) -> None:
    for connection, method, arguments in said:
        await getattr(connections[connection], method)(*arguments)
