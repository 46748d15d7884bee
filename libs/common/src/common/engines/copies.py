"""A second server from the files of the first: a copied folder, a base backup, a standby."""

import asyncio
import shutil

import asyncpg

from common.engines.cluster import SECRET, locate_cluster
from common.engines.errors import EngineError
from common.engines.folder import DataFolder
from common.engines.postgres import PostgresEngine

_PROMOTE_SECONDS = 60


async def copy_cluster(source: DataFolder, target: DataFolder) -> None:
    """Copy the files of a server that does not run, as an operator copies a folder."""
    target.keep_secret(SECRET, value=source.secret(SECRET))
    await asyncio.to_thread(shutil.copytree, locate_cluster(source), locate_cluster(target), symlinks=True)


async def back_up(engine: PostgresEngine, target: DataFolder, *, standby: bool = False) -> None:
    """Take a base backup of a running server; a `standby` follows it once started."""
    target.keep_secret(SECRET, value=engine.folder.secret(SECRET))
    follow = ["--write-recovery-conf"] if standby else []
    cluster = str(locate_cluster(target))
    await engine.run("pg_basebackup", "--pgdata", cluster, "--wal-method=stream", "--checkpoint=fast", *follow)


async def promote(engine: PostgresEngine) -> None:
    connection = await asyncpg.connect(engine.dsn())
    try:
        if not await connection.fetchval("SELECT pg_promote(true, $1)", _PROMOTE_SECONDS):
            raise EngineError(f"the standby in {engine.folder.path} was not promoted within {_PROMOTE_SECONDS} seconds")
    finally:
        await connection.close()
