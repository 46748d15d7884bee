"""What carries a ledger's events to its group, by bus: in this process, which a commit wakes, or in processes of their own."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Protocol, TypeAlias

from prometheus_client import CollectorRegistry

from benchmarks.log.ledger import PRODUCER, Ledger
from benchmarks.measuring import ROOT
from common.bus.consumer import Consumer
from common.bus.kafka.consumer import KafkaConsumer
from common.bus.kafka.relay import Relay
from common.bus.kafka.rules import TopicRules
from common.bus.metrics import LogMetrics, RelayMetrics
from common.bus.wakeups import Wakeups


class Running(Protocol):
    def start(self) -> None: ...

    async def stop(self) -> None: ...


Build: TypeAlias = Callable[[Ledger, Wakeups | None], Running]


def build_consumer(ledger: Ledger, wakeups: Wakeups | None) -> Consumer:
    return Consumer(
        db=ledger.group,
        sources={PRODUCER: ledger.url(PRODUCER)},
        handlers=ledger.handlers,
        metrics=LogMetrics(CollectorRegistry()),
        wakeups=wakeups,
    )


def build_relay(ledger: Ledger, wakeups: Wakeups | None) -> Relay:
    """Of an event every broker has a copy."""
    copies = len(ledger.broker.servers.split(","))
    return Relay(
        db=ledger.producer,
        url=ledger.url(PRODUCER),
        broker=ledger.broker,
        rules=TopicRules(keep=timedelta(days=14), replication=copies, minimum_in_sync=copies // 2 + 1),
        metrics=RelayMetrics(CollectorRegistry()),
        wakeups=wakeups,
    )


def build_kafka_consumer(ledger: Ledger, _: Wakeups | None) -> KafkaConsumer:
    return KafkaConsumer(
        db=ledger.group, broker=ledger.broker, handlers=ledger.handlers, metrics=LogMetrics(CollectorRegistry())
    )


RELAY, WORKER = "relay", "worker"

TRANSPORTS: Mapping[str, Mapping[str, Build]] = {
    "postgres": {WORKER: build_consumer},
    "kafka": {RELAY: build_relay, WORKER: build_kafka_consumer},
}
"""Bus → its parts, in the order in which an event passes them. A worker is its consumer alone, without timers and jobs."""


@asynccontextmanager
async def together(ledger: Ledger) -> AsyncIterator[None]:
    """All parts in this process, as an embedded platform has them."""
    async with AsyncExitStack() as stack:
        for build in TRANSPORTS[ledger.bus].values():
            part = build(ledger, ledger.wakeups)
            part.start()
            stack.push_async_callback(part.stop)
        yield


@asynccontextmanager
async def apart(ledger: Ledger) -> AsyncIterator[None]:
    """Each part in a process of its own, as a distributed platform has them."""
    async with AsyncExitStack() as stack:
        for name in TRANSPORTS[ledger.bus]:
            part = Process(ledger.bus, name)
            await part.start()
            stack.push_async_callback(part.stop)
        yield


class Process:
    """A part in a process of its own: `python -m benchmarks.log.part`."""

    def __init__(self, bus: str, part: str) -> None:
        self.part = part
        self._command = [sys.executable, "-m", "benchmarks.log.part", bus, part]
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """While it lives."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Until it says that it begins."""
        self._process = await asyncio.create_subprocess_exec(*self._command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        if self._process.stdout is None or not await self._process.stdout.readline():
            raise RuntimeError(f"did not start: {' '.join(self._command)}")

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
