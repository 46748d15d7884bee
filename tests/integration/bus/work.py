"""A worker process in small: consumes members' log into the table of effects until it is killed or told to stop.

Arguments: the group's database URL, the producer's; over Kafka also the broker's address and the prefix of topics. Says
`ready` when it begins.
"""

import asyncio
import signal
import sys

from prometheus_client import CollectorRegistry

from common.bus.consumer import Consumer
from common.bus.kafka.broker import Broker
from common.bus.kafka.consumer import KafkaConsumer
from common.bus.metrics import LogMetrics
from common.clock import SystemClock
from common.db import Database
from common.logging import configure_logging
from integration.bus.effects import recording
from integration.bus.harness import GROUP, Running


async def work(url: str, members: str, servers: str = "", prefix: str = "") -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    db = Database(url=url, service=GROUP, clock=SystemClock())
    await db.open()
    metrics = LogMetrics(CollectorRegistry())
    consumer: Running = (
        KafkaConsumer(db=db, broker=Broker(servers=servers, prefix=prefix), handlers=recording(), metrics=metrics)
        if servers
        else Consumer(db=db, sources={"members": members}, handlers=recording(), metrics=metrics)
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
