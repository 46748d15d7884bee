import asyncio
import subprocess
from signal import SIGKILL, SIGTERM
from types import TracebackType
from typing import Self
from urllib.parse import quote

import redis.asyncio
from redis.exceptions import ConnectionError as NotConnectedError

from common.engines.errors import EngineError
from common.engines.folder import DataFolder, write_durably
from common.engines.processes import Ladder, end_marked, read_log_tail
from common.engines.programs import OURS, launch
from common.engines.wheels import find_valkey

_SOCKET = "valkey.sock"
_SECRET = "valkey"  # noqa: S105 - the name of the file that holds the password
_POLL_SECONDS = 0.01
_KILL: Ladder = ((SIGKILL, 20),)
_ORDERLY: Ladder = ((SIGTERM, 10), *_KILL)


class ValkeyEngine:
    """A Valkey server of ours on a unix socket. It keeps nothing over a restart and forgets the least used keys when
    full: it holds only what may be lost.
    """

    def __init__(self, folder: DataFolder, *, max_memory_mb: int = 64) -> None:
        self.folder = folder
        self.log = folder.path / "valkey.log"
        self._mark = folder.mark("valkey")
        self._max_memory_mb = max_memory_mb
        self._socket = ""
        self._child: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        """While it lives."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def url(self, *, database: int = 0) -> str:
        """For redis-py; valid once started."""
        return f"unix://:{quote(self.folder.secret(_SECRET), safe='')}@{quote(self._socket)}?db={database}"

    async def start(self, *, deadline_seconds: float = 30) -> None:
        """End what an earlier run left in this folder, then start with nothing in it."""
        if self.pid is not None:
            raise EngineError(f"Valkey already runs in {self.folder.path}")
        await end_marked(self._mark, ladder=_ORDERLY)
        self._socket = str(self.folder.socket_folder("valkey", longest_name=_SOCKET) / _SOCKET)
        home = self.folder.path / "valkey"
        home.mkdir(mode=0o700, exist_ok=True)
        write_durably(home / "valkey.conf", self._configuration())
        command = [
            str(find_valkey()),
            "valkey.conf",
            "--proc-title-template",
            f"{{title}} {{listen-addr}} {self._mark}",
        ]
        self._child = launch(command, identity=OURS, folder=home, log=self.log)
        try:
            async with asyncio.timeout(deadline_seconds):
                await self._answer()
        except BaseException as error:
            await self.stop(kill=True)
            if isinstance(error, TimeoutError):
                raise self._failure(f"did not answer within {deadline_seconds} seconds") from error
            raise

    def _configuration(self) -> str:
        """In a file, not in arguments: everybody can read those."""
        return "\n".join(
            [
                "port 0",
                f'unixsocket "{self._socket}"',
                "unixsocketperm 700",
                f"requirepass {self.folder.secret(_SECRET)}",
                'save ""',
                "appendonly no",
                f"maxmemory {self._max_memory_mb}mb",
                "maxmemory-policy allkeys-lru",
                "",
            ]
        )

    async def _answer(self) -> None:
        client = redis.asyncio.Redis.from_url(self.url())
        try:
            while True:
                if self.pid is None:
                    raise self._failure("did not start")
                try:
                    await client.ping()
                except NotConnectedError:
                    await asyncio.sleep(_POLL_SECONDS)
                else:
                    return
        finally:
            await client.aclose()

    def _failure(self, what: str) -> EngineError:
        tail = read_log_tail(self.log)
        last = tail.rpartition("\n")[2]
        return EngineError(f"Valkey {what} in {self.folder.path}: {last} (log: {self.log})", log_tail=tail)

    async def stop(self, *, kill: bool = False) -> None:
        await end_marked(self._mark, ladder=_KILL if kill else _ORDERLY, child=self._child)
        self._child = None
