"""A part of a transport in a process of its own, started by the benchmarks of the log; it runs until it is told to stop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from benchmarks.engines import find_servers
from benchmarks.log.ledger import open_ledger
from benchmarks.log.transports import TRANSPORTS
from common import loops
from common.logging import configure_logging
from common.serving import run_until_stopped, spare_collector
from common.testing.databases import Engines


@asynccontextmanager
async def working(bus: str, part: str) -> AsyncIterator[None]:
    async with open_ledger(Engines.find(), bus, servers=find_servers(), connections=2) as ledger:
        running = TRANSPORTS[bus][part](ledger, None)
        spare_collector()
        running.start()
        click.echo("working")
        try:
            yield
        finally:
            await running.stop()


@click.command(help=__doc__)
@click.argument("bus", type=click.Choice(list(TRANSPORTS)))
@click.argument("part")
@click.option("--log-level", default="ERROR", show_default=True)
def main(*, bus: str, part: str, log_level: str) -> None:
    configure_logging(level=log_level, format="json")
    loops.run(run_until_stopped(working(bus, part)))


if __name__ == "__main__":
    main()
