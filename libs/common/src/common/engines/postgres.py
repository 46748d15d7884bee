import asyncio
import subprocess
from collections.abc import Mapping
from signal import SIGINT, SIGKILL, SIGQUIT
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote, urlencode

import asyncpg

from common.engines.cluster import (
    SECRET,
    SUPERUSER,
    ensure_cluster,
    forget_recycled_pid,
    locate_cluster,
    prepare_programs,
)
from common.engines.errors import EngineError
from common.engines.folder import DataFolder
from common.engines.identity import choose_identity, hand_over
from common.engines.processes import Ladder, end_marked, read_log_tail
from common.engines.programs import Identity, launch, run
from common.engines.wheels import find_postgres

_SOCKET_PORT = 5432  # part of the socket's name when nothing listens on TCP
_POLL_SECONDS = 0.02
_KILL: Ladder = ((SIGKILL, 20),)
_IMMEDIATE: Ladder = ((SIGQUIT, 10), *_KILL)
_FAST: Ladder = ((SIGINT, 60), *_IMMEDIATE)
_LADDERS: Mapping[str, Ladder] = {"fast": _FAST, "immediate": _IMMEDIATE, "kill": _KILL}

StopMode = Literal["fast", "immediate", "kill"]


class PostgresEngine:
    """A PostgreSQL server of ours on a unix socket, and on loopback TCP if `port` is given.

    `durable=False` is for tests: it survives every end of processes, but no loss of power. `settings` are for
    postgresql.conf and win over ours. `identity` is found out unless given. A fast stop ends sessions and writes
    a checkpoint; an immediate one leaves recovery to the next start; kill is the SIGKILL of all processes.
    """

    def __init__(
        self,
        folder: DataFolder,
        *,
        durable: bool = True,
        port: int | None = None,
        max_connections: int = 100,
        settings: Mapping[str, str] | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.folder = folder
        self.log = folder.path / "postgres.log"
        self._mark = folder.mark("postgres")
        self._durable = durable
        self._port = port
        self._settings = {"max_connections": str(max_connections)} | dict(settings or {})
        self._identity = identity
        self._socket_folder = ""
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
        """Of the postmaster, while it lives."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def dsn(self, *, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """For asyncpg and libpq, over the unix socket; valid once started. The superuser's password is filled in."""
        known = self.folder.secret(SECRET) if user == SUPERUSER and password is None else password or ""
        place = urlencode({"host": self._socket_folder, "port": self._port or _SOCKET_PORT})
        return f"postgresql://{quote(user, safe='')}:{quote(known, safe='')}@/{quote(database, safe='')}?{place}"

    async def start(self, *, deadline_seconds: float = 60) -> None:
        """End what an earlier run left in this folder, make the cluster on first use, recover, and answer."""
        if self.pid is not None:
            raise EngineError(f"PostgreSQL already runs in {self.folder.path}")
        await end_marked(self._mark, ladder=_FAST)
        identity = self._identity or await choose_identity()
        programs = await prepare_programs(self.folder, identity=identity)
        await ensure_cluster(self.folder, programs=programs, identity=identity, durable=self._durable)
        cluster = locate_cluster(self.folder)
        forget_recycled_pid(cluster, mark=self._mark)
        port = self._port or _SOCKET_PORT
        sockets = self.folder.socket_folder("postgres", longest_name=f".s.PGSQL.{port}.lock")
        hand_over(sockets, identity=identity)
        self._socket_folder = str(sockets)
        options = [part for name, value in self._all_settings().items() for part in ("-c", f"{name}={value}")]
        command = [str(programs / "postgres"), "-D", str(cluster), *options]
        self._child = launch(command, identity=identity, folder=cluster, log=self.log)
        try:
            async with asyncio.timeout(deadline_seconds):
                await self._answer()
        except BaseException as error:
            await self.stop(mode="kill")
            if isinstance(error, TimeoutError):
                raise self._failure(f"did not answer within {deadline_seconds} seconds") from error
            raise

    def _all_settings(self) -> dict[str, str]:
        safety = {} if self._durable else {"fsync": "off", "full_page_writes": "off"}
        return {
            "shared_buffers": "64MB",
            "dynamic_shared_memory_type": "mmap",  # in the data folder: a SIGKILL leaves nothing in /dev/shm
            "max_prepared_transactions": "0",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
            **safety,
            **self._settings,
            "listen_addresses": "127.0.0.1" if self._port else "",
            "port": str(self._port or _SOCKET_PORT),
            "unix_socket_directories": self._socket_folder,
            "cluster_name": self._mark,
        }

    async def _answer(self) -> None:
        while True:
            if self.pid is None:
                raise self._failure("did not start")
            try:
                connection = await asyncpg.connect(self.dsn())
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
                await asyncio.sleep(_POLL_SECONDS)
            except asyncpg.PostgresError as error:
                raise self._failure(f"refuses us: {error}") from error
            else:
                await connection.close()
                return

    def _failure(self, what: str) -> EngineError:
        tail = read_log_tail(self.log)
        reasons = [line for line in tail.splitlines() if "FATAL:" in line or "PANIC:" in line] or tail.splitlines()[-1:]
        said = f": {reasons[-1].partition('] ')[2] or reasons[-1]}" if reasons else ""
        return EngineError(f"PostgreSQL {what} in {self.folder.path}{said} (log: {self.log})", log_tail=tail)

    async def stop(self, *, mode: StopMode = "fast") -> None:
        await end_marked(self._mark, ladder=_LADDERS[mode], child=self._child)
        self._child = None

    async def run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's own client programs (pg_dump, psql, …) on this server and return its output."""
        environment = {
            "PGHOST": self._socket_folder,
            "PGPORT": str(self._port or _SOCKET_PORT),
            "PGUSER": SUPERUSER,
            "PGPASSWORD": self.folder.secret(SECRET),
            "PGDATABASE": "postgres",
        }
        return await run([find_postgres() / program, *arguments], environment=environment)
