"""Relays that a test starts and stops itself, each with instruments of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from common.bus.kafka import relay_state
from common.bus.kafka.broker import Broker
from common.bus.kafka.relay import Relay
from common.bus.kafka.rules import TopicRules
from common.bus.metrics import RelayMetrics
from common.bus.position import Position
from common.bus.wakeups import Wakeups
from common.db import Database
from common.testing.waiting import eventually
from integration.bus.harness import SECONDS, KafkaTransport, Log

RULES = TopicRules(keep=timedelta(days=14))


class ByHand(KafkaTransport):
    """Nothing carries what is told until the test starts a relay."""

    async def carry(self, log: Log, producer: str) -> None: ...


class Watched:
    """A relay of members' log with its instruments."""

    def __init__(self, db: Database, *, url: str, broker: Broker, rules: TopicRules, wakeups: Wakeups | None) -> None:
        self.registry = CollectorRegistry()
        self.relay = Relay(
            db=db,
            url=url,
            broker=broker,
            rules=rules,
            metrics=RelayMetrics(self.registry),
            wakeups=wakeups,
        )

    def metric(self, name: str, **labels: str) -> float:
        """0 when there is no such sample yet."""
        return self.registry.get_sample_value(f"log_relay_{name}", labels) or 0.0

    @property
    def restarts(self) -> float:
        return self.metric("restarts_total")

    async def leads(self) -> None:
        """Wait until it is its turn."""
        await eventually(lambda: self.relay.state, seconds=SECONDS, what="the relay works")

    async def alarmed(self, kind: str) -> None:
        await eventually(lambda: self.metric("alarm", kind=kind), seconds=SECONDS, what=f"the relay's alarm {kind}")


@asynccontextmanager
async def relaying(log: Log, **wishes: Any) -> AsyncIterator[Watched]:
    """A relay of members' log that runs while the block does; it need not come to work."""
    watched = await new_relay(log, **wishes)
    watched.relay.start()
    try:
        yield watched
    finally:
        await watched.relay.stop()


async def new_relay(
    log: Log,
    *,
    of: Log | None = None,
    broker: Broker | None = None,
    rules: TopicRules = RULES,
) -> Watched:
    """Not started. `of`: whose events it carries, where they are in another database than the group's."""
    source = of or log
    return Watched(
        await source.db("members"),
        url=source.url("members"),
        broker=broker or log.broker,
        rules=rules,
        wakeups=source.wakeups if of is None else None,
    )


async def sent_all(log: Log) -> None:
    """Wait until everything that is in members' log now is acknowledged by the broker, and noted."""
    head = await log.head()

    async def there() -> bool:
        db = await log.db("members")
        row = await db.fetchrow("SELECT generation, id FROM relay")
        return row is not None and Position(row["generation"], row["id"]) >= head

    await eventually(there, seconds=SECONDS, what=f"members' log is sent up to {head}")


async def rewind(log: Log) -> None:
    """As the operator's command does."""
    await relay_state.rewind(await log.db("members"))


async def applied(log: Log, *numbers: int) -> None:
    """Wait until the group has applied these, in this order."""

    async def there() -> bool:
        return await log.numbers() == list(numbers)

    await eventually(there, seconds=SECONDS, what=f"applied {numbers}")


async def quiet(log: Log, kind: str) -> None:
    """Wait until the group's alarm is over."""
    await eventually(
        lambda: not log.metric("log_alarm", producer="members", kind=kind), seconds=SECONDS, what=f"no alarm {kind}"
    )
