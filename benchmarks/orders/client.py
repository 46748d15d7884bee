"""A load generator that costs little: requests are bytes made beforehand, answers are cut at their Content-Length."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any

import msgspec

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"


class Refused(Exception):
    """The server answered with an error."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def make_request(path: str, body: object, headers: Mapping[str, str]) -> bytes:
    """A POST."""
    encoded = msgspec.json.encode(body)
    head = {"host": "benchmark", "content-type": "application/json", "content-length": str(len(encoded)), **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join(lines).encode() + _END + encoded


class Connection(asyncio.Protocol):
    """Kept alive; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_END)
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]) or self._answer is None:
            return
        self._received = b""
        self._answer.set_result(Answer(int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server closed the connection"))

    async def ask(self, request: bytes) -> Answer:
        if self._transport is None:
            raise RuntimeError("not connected")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    async def ask_well(self, request: bytes) -> Answer:
        """Raises Refused unless it is done."""
        answer = await self.ask(request)
        if answer.status >= 300:
            raise Refused(f"{answer.status}: {answer.body.decode(errors='replace')}")
        return answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """`cpu_seconds`: of the generator. `latencies`: of every request, in seconds, the shortest first."""

    count: int
    seconds: float
    cpu_seconds: float
    latencies: Sequence[float]


async def send(port: int, requests: Sequence[bytes], *, clients: int, seconds: float) -> Sent:
    """Each client sends its next request when it has the answer to the last, until the time or the requests are over."""
    waiting = iter(requests)
    latencies: list[float] = []
    connections = [await connect(port) for _ in range(clients)]
    began, cpu = perf_counter(), process_time()

    async def work(connection: Connection) -> None:
        for request in waiting:
            asked = perf_counter()
            await connection.ask_well(request)
            answered = perf_counter()
            latencies.append(answered - asked)
            if answered - began > seconds:
                return

    try:
        await asyncio.gather(*map(work, connections))
    finally:
        for connection in connections:
            connection.close()
    return Sent(
        count=len(latencies),
        seconds=perf_counter() - began,
        cpu_seconds=process_time() - cpu,
        latencies=sorted(latencies),
    )
