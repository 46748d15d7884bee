"""A relay process in small: carries members' log to its topic until it is killed or told to stop.

Arguments: the members' database URL, the broker's address, the prefix of topics. Says `ready` when it begins.
"""

import asyncio
import signal
import sys

from prometheus_client import CollectorRegistry

from common.bus.kafka.broker import Broker
from common.bus.kafka.relay import Relay
from common.bus.metrics import RelayMetrics
from common.clock import SystemClock
from common.db import Database
from common.logging import configure_logging
from integration.bus.kafka.relays import RULES


async def carry(url: str, servers: str, prefix: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    db = Database(url=url, service="members", clock=SystemClock())
    await db.open()
    broker = Broker(servers=servers, prefix=prefix)
    relay = Relay(db=db, url=url, broker=broker, rules=RULES, metrics=RelayMetrics(CollectorRegistry()))
    relay.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await stop.wait()
    await relay.stop()
    await db.close()


if __name__ == "__main__":
    configure_logging(level="ERROR", format="json")
    asyncio.run(carry(*sys.argv[1:]))
