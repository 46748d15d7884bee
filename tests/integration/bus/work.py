"""A worker process in small: consumes members' log into the table of effects until it is killed or told to stop.

Arguments: the group's database URL, the producer's. Says `ready` when it begins.
"""

import asyncio
import signal
import sys

from prometheus_client import CollectorRegistry

from common.bus.consumer import Consumer
from common.bus.metrics import LogMetrics
from common.clock import SystemClock
from common.db import Database
from common.logging import configure_logging
from integration.bus.effects import recording
from integration.bus.harness import GROUP


async def work(url: str, members: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    db = Database(url=url, service=GROUP, clock=SystemClock())
    await db.open()
    consumer = Consumer(
        db=db, sources={"members": members}, handlers=recording(), metrics=LogMetrics(CollectorRegistry())
    )
    consumer.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await stop.wait()
    await consumer.stop()
    await db.close()


if __name__ == "__main__":
    configure_logging(level="ERROR", format="json")
    asyncio.run(work(*sys.argv[1:]))
