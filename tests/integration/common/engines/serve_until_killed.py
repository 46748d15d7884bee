"""A platform in small: serves both engines from the folder in its argument, commits a row, says `ready` and waits."""

import asyncio
import sys
from pathlib import Path

import asyncpg

from common.engines.folder import open_folder
from common.engines.postgres import PostgresEngine
from common.engines.valkey import ValkeyEngine


async def serve(path: Path) -> None:
    with open_folder(path) as folder:
        postgres, valkey = PostgresEngine(folder), ValkeyEngine(folder)
        await postgres.start()
        await valkey.start()
        connection = await asyncpg.connect(postgres.dsn())
        await connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS n")
        await connection.close()
        sys.stdout.write(f"ready {postgres.pid} {valkey.pid}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        await valkey.stop()
        await postgres.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
