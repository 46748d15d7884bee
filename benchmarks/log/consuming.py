"""A consumer in a process of its own, started by `append_consume`; it runs until it is told to stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
from benchmarks.log.ledger import TRANSPORTS, open_ledger

from common.logging import configure_logging
from common.serving import run_until_stopped
from common.testing.databases import Engines


@asynccontextmanager
async def consuming(transport: str) -> AsyncIterator[None]:
    async with open_ledger(Engines.find(), connections=2) as ledger:
        consumer = TRANSPORTS[transport].consumer(ledger, embedded=False)
        consumer.start()
        click.echo("consuming")
        try:
            yield
        finally:
            await consumer.stop()


@click.command(help=__doc__)
@click.argument("transport", type=click.Choice(list(TRANSPORTS)))
def main(*, transport: str) -> None:
    configure_logging(level="WARNING", format="json")
    asyncio.run(run_until_stopped(consuming(transport)))


if __name__ == "__main__":
    main()
