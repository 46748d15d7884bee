"""Serves a broker from the folder in its first argument, tied to it as the second says; tells its pid and waits."""

import asyncio
import sys
from pathlib import Path
from typing import cast

from common.engines.folder import open_folder
from common.engines.kafka.engine import KafkaEngine
from common.engines.programs import Tie


async def serve(path: Path, tie: Tie) -> None:
    with open_folder(path) as folder:
        async with KafkaEngine(folder, brokers=1, tie=tie) as engine:
            sys.stdout.write(f"{engine.brokers[0].pid}\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), cast("Tie", sys.argv[2])))
