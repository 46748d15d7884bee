"""`python -m common.engines.kafka`: a Kafka of one's own in the background, for `make kafka-up` and `make kafka-down`."""

import asyncio
import sys
from pathlib import Path
from time import monotonic

import click

from common.engines.errors import EngineError
from common.engines.kafka.background import FIRST_PORT, Running, bring_up, take_down
from common.engines.kafka.cluster import Listener

DATA = click.option(
    "--data",
    default=".huitou-kafka",
    show_default=True,
    type=click.Path(path_type=Path, resolve_path=True),
    help="The data folder.",
)


@click.group(help="Apache Kafka on loopback, in the background, from its own jars; needs Java 17 and Maven.")
def main() -> None:
    pass


@main.command(help="Start it, unless it runs, and return when it is ready.")
@click.option("--brokers", type=click.Choice(["1", "3"]), help="As the data folder has, else 1.")
@click.option("--port", type=click.IntRange(1, 65535), help=f"The first of its ports. As before, else {FIRST_PORT}.")
@DATA
def up(*, brokers: str | None, port: int | None, data: Path) -> None:
    started = monotonic()
    try:
        running = asyncio.run(
            bring_up(data, brokers=int(brokers) if brokers else None, first_port=port, tell=click.echo)
        )
    except EngineError as error:
        _fail(error)
    click.echo(_describe(running, data, seconds=monotonic() - started))


@main.command(help="Stop it; the data stays.")
@DATA
def down(*, data: Path) -> None:
    try:
        stopped = asyncio.run(take_down(data))
    except EngineError as error:
        _fail(error)
    click.echo(f"Kafka in {data} is stopped" if stopped else f"no Kafka runs in {data}")


def _fail(error: EngineError) -> None:
    click.echo(f"huitou: {error}", err=True)
    sys.exit(1)


def _describe(running: Running, data: Path, *, seconds: float) -> str:
    state = f"is ready ({seconds:.1f} s)" if running.started else "is already up"
    servers = running.cluster.addresses(Listener.PLAIN)
    return f"""Apache Kafka {running.cluster.kafka} {state}

  bootstrap servers  {servers}
  data folder        {data}, and what the brokers say in kafka-*.log

  the tests over it: KAFKA_BOOTSTRAP_SERVERS={servers} make test
  make kafka-down stops it; the data stays.
"""


if __name__ == "__main__":
    main()
