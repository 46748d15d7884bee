"""How long nothing happens after a SIGKILL under a steady load: of a worker, of a relay, of a broker.

What was killed is started again at once, as whatever supervises it would; or another takes over that ran beside it. Measured
from the signal to the effects of events that were appended after it: until the first of them, and until there was one of
every lane, that is of every member. Every part is a process of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Self

import click

from benchmarks.engines import Bench, running_engines
from benchmarks.log.ledger import PRODUCER, Effects, Ledger, create_ledger, lane, open_ledger
from benchmarks.log.transports import RELAY, TRANSPORTS, WORKER, Process
from benchmarks.measuring import Row, Watch, keep, spread
from common import loops
from common.bus.kafka.membership import SESSION_SECONDS
from common.bus.kafka.topics import administering
from common.bus.lanes import LANES
from common.logging import configure_logging

LOOK_SECONDS = 0.02
DEADLINE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Silence:
    """In seconds."""

    until_first: float
    until_every_lane: float


def silence_of(effects: Effects, *, began: float) -> Silence | None:
    """None while a lane is silent."""
    firsts: dict[int, float] = {}
    for number, moment in effects.handled_at.items():
        firsts[lane(number)] = min(moment, firsts.get(lane(number), moment))
    if len(firsts) < LANES:
        return None
    return Silence(min(firsts.values()) - began, max(firsts.values()) - began)


class Load:
    """Appends at a steady rate, whatever becomes of it."""

    def __init__(self, ledger: Ledger, *, rate: int) -> None:
        self.ledger = ledger
        self.next = 0
        """The number of the next event."""
        self._rate = rate

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._append())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _append(self) -> None:
        began = monotonic()
        for n in count():
            await asyncio.sleep(max(0.0, began + n / self._rate - monotonic()))
            self.next += 1
            await self.ledger.append(self.next - 1)

    async def every_lane(self) -> Silence:
        """From now until there were effects of events of every lane that were appended from now on."""
        began, since = monotonic(), self.next
        while monotonic() - began < DEADLINE_SECONDS:
            silence = silence_of(await self.ledger.effects_now(since=since), began=began)
            if silence is not None:
                return silence
            await asyncio.sleep(LOOK_SECONDS)
        raise TimeoutError(f"not every lane has gone on within {DEADLINE_SECONDS} s")

    async def handled_by(self, workers: int) -> set[int]:
        """Wait until so many processes have handled what was appended lately; which they are."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                since = self.next
                await self.every_lane()
                found = (await self.ledger.effects_now(since=since)).processes
                if len(found) >= workers:
                    return found


@dataclass(frozen=True, slots=True)
class Case:
    """What is killed, and who goes on."""

    bus: str
    victim: str
    beside: bool = False
    """Another takes over that ran beside it; else the same is started again at once."""
    brokers: int = 1

    @property
    def killed(self) -> str:
        return f"a {self.victim} of {self.brokers}, the leader" if self.brokers > 1 else f"the {self.victim}"

    @property
    def workers(self) -> int:
        """How many handle events at the same time."""
        return 2 if self == Case("kafka", WORKER, beside=True) else 1

    @property
    def then(self) -> str:
        return "another takes over" if self.beside else "started again"


BROKER = "broker"
CASES = [
    Case("postgres", WORKER),
    Case("postgres", WORKER, beside=True),
    Case("kafka", WORKER),
    Case("kafka", WORKER, beside=True),
    Case("kafka", RELAY),
    Case("kafka", RELAY, beside=True),
    Case("kafka", BROKER),
    Case("kafka", BROKER, brokers=3),
]

Silences = dict[Case, list[Silence]]


async def measure(*, repetitions: int, rate: int) -> Silences:
    silences: Silences = {}
    with click.progressbar(length=len(CASES) * repetitions, label="killing", show_pos=True) as bar:
        for brokers in sorted({case.brokers for case in CASES}):
            async with running_engines(brokers=brokers) as bench:
                bench.publish()
                for bus in TRANSPORTS:
                    cases = [case for case in CASES if (case.bus, case.brokers) == (bus, brokers)]
                    async for case, silence in strike_all(bench, bus, cases, repetitions=repetitions, rate=rate):
                        silences.setdefault(case, []).append(silence)
                        bar.update(1)
    return silences


async def strike_all(
    bench: Bench, bus: str, cases: list[Case], *, repetitions: int, rate: int
) -> AsyncIterator[tuple[Case, Silence]]:
    await create_ledger(bench.engines, bus)
    async with open_ledger(bench.engines, bus, servers=bench.servers) as ledger:
        load = Load(ledger, rate=rate)
        for case in cases:
            async with Scene.running(case, bench, load) as scene:
                for _ in range(repetitions):
                    yield case, await scene.strike()
            await ledger.forget()


@dataclass(frozen=True, slots=True)
class Scene:
    """The processes of a case, under load."""

    case: Case
    bench: Bench
    load: Load
    parts: list[Process]

    @classmethod
    @asynccontextmanager
    async def running(cls, case: Case, bench: Bench, load: Load) -> AsyncIterator[Self]:
        """Two of what is killed where another takes over, one of everything else."""
        names = [name for name in TRANSPORTS[case.bus] for _ in range(1 + (case.beside and name == case.victim))]
        async with AsyncExitStack() as stack:
            parts = [Process(case.bus, name) for name in names]
            for part in parts:
                await part.start()
                stack.push_async_callback(part.stop)
            await stack.enter_async_context(load.running())
            yield cls(case, bench, load, parts)

    async def strike(self) -> Silence:
        """Once; what was killed runs again afterwards."""
        handling = await self.load.handled_by(self.case.workers)
        if self.case.victim == BROKER:
            return await self._strike_broker()
        victim = next(each for each in self.parts if each.part == self.case.victim and _works(each, handling))
        silence = asyncio.create_task(self.load.every_lane())
        await victim.kill()
        if not self.case.beside:
            await victim.start()
        found = await silence
        if self.case.beside:
            await victim.start()
            self.parts.remove(victim)
            self.parts.append(victim)  # the other works now
        return found

    async def _strike_broker(self) -> Silence:
        if self.bench.kafka is None:
            raise RuntimeError("this case needs a broker")
        leader = await _leader(self.load.ledger, brokers=self.case.brokers)
        victim = next(broker for broker in self.bench.kafka.brokers if broker.node == leader)
        silence = asyncio.create_task(self.load.every_lane())
        await victim.kill()
        await victim.start()
        return await silence


def _works(process: Process, handling: set[int]) -> bool:
    """Of two relays the one that was started first; of workers one that handles something."""
    return process.part != WORKER or process.pid in handling


async def _leader(ledger: Ledger, *, brokers: int) -> int:
    """Of the first partition, once every broker has all copies again."""
    topic = ledger.broker.topic(PRODUCER)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            async with administering(ledger.broker) as admin:
                [found] = await admin.describe_topics([topic])
            if all(len(partition["isr"]) == brokers for partition in found["partitions"]):
                first = min(found["partitions"], key=lambda partition: int(partition["partition"]))
                return int(first["leader"])
            await asyncio.sleep(LOOK_SECONDS)


def rows(silences: Silences) -> list[Row]:
    return [
        Row(
            labels={"bus": case.bus, "killed": case.killed, "then": case.then},
            figures={
                "s to the next effect": spread([each.until_first for each in found]),
                "s to one of every lane": spread([each.until_every_lane for each in found]),
            },
        )
        for case, found in silences.items()
    ]


@click.command(help=__doc__)
@click.option("--repetitions", type=click.IntRange(1), default=5, show_default=True, help="Of each kill.")
@click.option("--rate", type=click.IntRange(1), default=100, show_default=True, help="Events/s of the steady load.")
def main(*, repetitions: int, rate: int) -> None:
    configure_logging(level="ERROR", format="console")
    watch = Watch()
    silences = loops.run(measure(repetitions=repetitions, rate=rate))
    keep(
        "log.recovery",
        what=f"SIGKILL at a steady {rate} events/s: how long until effects go on",
        watch=watch,
        goals=[],
        rows=rows(silences),
        notes=[
            f"Over kafka a worker that was killed keeps its lanes for the {SESSION_SECONDS:g} s of its session, started again or not"
        ],
    )


if __name__ == "__main__":
    main()
