"""Ending work at its nth step, whichever that is: at a suspension of its task, or at a message to the server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine, Generator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

T = TypeVar("T")


class CancelledAt(Awaitable[T], Generic[T]):
    """Runs a coroutine, and cancels its task at the nth time that it waits for something."""

    def __init__(self, n: int, work: Coroutine[Any, Any, T]) -> None:
        self.waits = 0
        self._n = n
        self._work = work

    @property
    def was_cancelled(self) -> bool:
        return self.waits >= self._n

    def __await__(self) -> Generator[Any, Any, T]:
        task = asyncio.current_task()
        assert task is not None
        error: BaseException | None = None
        while True:
            try:
                waited = self._work.send(None) if error is None else self._work.throw(error)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            self.waits += 1
            if self.waits == self._n:
                task.cancel()
            error = None
            try:
                yield waited
            except BaseException as thrown:  # noqa: BLE001 - handed on to the work
                error = thrown


Moment = Literal["before", "after"]


class CuttingProxy:
    """Stands before a server's socket; cuts the connection of the nth message that clients send.

    `before`: the server never gets it. `after`: the server carries it out, and nobody hears of it.
    """

    def __init__(self, folder: Path, url: str) -> None:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        self._socket = f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}"
        self._folder = folder
        self._n = 0
        self._moment: Moment = "before"
        self._connections: set[asyncio.Task[None]] = set()
        self.messages = 0
        self.url = urlunsplit(parts._replace(query=urlencode({"host": str(folder), "port": query["port"][0]})))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        port = self._socket.rpartition(".")[2]
        server = await asyncio.start_unix_server(self._serve, str(self._folder / f".s.PGSQL.{port}"))
        try:
            yield
        finally:
            server.close()
            for task in list(self._connections):
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    def cut_at(self, n: int, moment: Moment) -> None:
        self.messages, self._n, self._moment = 0, n, moment

    def cut_never(self) -> None:
        self._n = 0

    @property
    def has_cut(self) -> bool:
        return self.messages >= self._n

    async def _serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        reader, server = await asyncio.open_unix_connection(self._socket)
        backward = asyncio.create_task(_copy(reader, answers))
        try:
            await self._forward(client, server, backward)
        finally:
            backward.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await backward
            for writer in (server, answers):
                writer.close()
            self._connections.discard(task)

    async def _forward(
        self, client: asyncio.StreamReader, server: asyncio.StreamWriter, backward: asyncio.Task[None]
    ) -> None:
        with suppress(OSError):
            while message := await client.read(2**16):
                self.messages += 1
                cut = self.messages == self._n
                if cut and self._moment == "before":
                    return
                if cut:
                    backward.cancel()
                server.write(message)
                await server.drain()
                if cut:  # the server reads it although we are gone; how far it comes is its own matter
                    await asyncio.sleep(0.005)
                    return


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
        await writer.drain()
    writer.close()
