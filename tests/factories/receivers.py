"""An endpoint of the shop's own on this machine: it notes what it is told, and answers as the test says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser


@dataclass(frozen=True, slots=True)
class Told:
    headers: Message
    body: bytes


@dataclass
class Receiver:
    port: int = 0
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers; 200 when there are none left."""
    told: list[Told] = field(default_factory=list)
    on_told: Callable[[], object] = lambda: None
    """Called before the answer is given."""
    holding: asyncio.Event | None = None
    """While it is not set, nothing is answered."""

    def url(self, *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}/hook?from=huitou"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            _, _, raw = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
            headers = BytesHeaderParser().parsebytes(raw)
            self.told.append(Told(headers, await reader.readexactly(int(headers["content-length"]))))
            self.on_told()
            if self.holding is not None:
                await self.holding.wait()
            status = self.answers.pop(0) if self.answers else 200
            place = b"location: http://127.0.0.1:1/elsewhere\r\n" if status in range(300, 400) else b""
            writer.write(b"HTTP/1.1 %d x\r\ncontent-length: 2\r\n%b\r\nok" % (status, place))
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def receiving(answers: Sequence[int] = (), *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(answers=list(answers))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
