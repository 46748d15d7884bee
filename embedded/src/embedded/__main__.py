"""`python -m embedded`: the whole platform, started by `make run`."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import click
from prometheus_client import disable_created_metrics

from common import loops
from common.engines.errors import EngineError
from common.logging import configure_logging
from common.migrating import MigrationError
from common.serving import PortBusy, run_until_stopped
from common.settings import SettingsError
from embedded.operating import TOKEN_SECONDS, operator_token
from embedded.platform import BUSES, Bus, Configuration, Platform, running_platform


@click.command(help="Start the whole platform on embedded PostgreSQL and Valkey, and keep running until Ctrl-C.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address that HTTP binds to.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option(
    "--bus", default="postgres", show_default=True, type=click.Choice(BUSES), help="What carries the event log."
)
@click.option(
    "--kafka-port", type=click.IntRange(1, 65535), help="The broker's first port; as before, else any free one."
)
@click.option("--data", default=".huitou", show_default=True, type=click.Path(path_type=Path), help="The data folder.")
@click.option(
    "--log-level", default="WARNING", show_default=True, type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"])
)
@click.option("--log-format", default="console", show_default=True, type=click.Choice(["console", "json"]))
def main(
    *, host: str, port: int, bus: Bus, kafka_port: int | None, data: Path, log_level: str, log_format: str
) -> None:
    disable_created_metrics()  # type: ignore[no-untyped-call]
    configure_logging(level=log_level, format="json" if log_format == "json" else "console")
    configuration = Configuration(data=data, host=host, port=port, bus=bus, kafka_port=kafka_port, tell=click.echo)
    try:
        loops.run(run_until_stopped(_running(configuration)))
    except (EngineError, PortBusy, SettingsError, MigrationError) as error:
        click.echo(f"huitou: {error}", err=True)
        sys.exit(1)


@asynccontextmanager
async def _running(configuration: Configuration) -> AsyncIterator[None]:
    started = monotonic()
    async with running_platform(configuration) as platform:
        click.echo(await _welcome(platform, seconds=monotonic() - started))
        yield
        click.echo("stopping")


async def _welcome(platform: Platform, *, seconds: float) -> str:
    token = await operator_token(platform.runtimes["members"], platform.signer, actor="make run")
    kafka = f"\n  Kafka        {platform.kafka_servers}" if platform.kafka_servers else ""
    return f"""Huitou 回頭 is ready ({seconds:.1f} s)

  start here   {platform.url}/
  API pages    {platform.url}/orders/docs  /members/docs  /engagement/docs  /lifecycle/docs
  metrics      {platform.url}/metrics
  data folder  {platform.folder.path}{kafka}

  an operator's token for a try, good for {TOKEN_SECONDS // 3600} hours:
  TOKEN={token}
  curl -s -H "Authorization: Bearer $TOKEN" {platform.url}/members/v1/members/me

  Ctrl-C stops it; the data stays.
"""


if __name__ == "__main__":
    main()
