"""`python -m embedded.distributed`: every service in processes of its own, started by `make up-local`."""

import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import click

from common import loops
from common.engines.errors import EngineError
from common.logging import configure_logging
from common.migrating import MigrationError
from common.serving import PortBusy, run_until_stopped
from common.settings import SettingsError
from embedded.distributed.places import PARTS, Place
from embedded.distributed.platform import Distributed, running_processes
from embedded.operating import TOKEN_SECONDS
from embedded.services import SERVICES


@click.command(help="Start every service in processes of its own, over PostgreSQL, Valkey and Kafka, until Ctrl-C.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65000),
    help="The first of their ports; 0: any free.",
)
@click.option(
    "--kafka-port", type=click.IntRange(1, 65535), help="The broker's first port; as before, else any free one."
)
@click.option(
    "--data", default=".huitou-local", show_default=True, type=click.Path(path_type=Path), help="The data folder."
)
@click.option(
    "--log-level", default="WARNING", show_default=True, type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"])
)
def main(*, port: int, kafka_port: int | None, data: Path, log_level: str) -> None:
    configure_logging(level=log_level, format="console")
    try:
        loops.run(run_until_stopped(_running(data, port=port, kafka_port=kafka_port)))
    except (EngineError, PortBusy, SettingsError, MigrationError) as error:
        click.echo(f"huitou: {error}", err=True)
        sys.exit(1)


@asynccontextmanager
async def _running(data: Path, *, port: int, kafka_port: int | None) -> AsyncIterator[None]:
    started = monotonic()
    async with running_processes(data, port=port, kafka_port=kafka_port, tell=click.echo) as platform:
        click.echo(_welcome(platform, seconds=monotonic() - started))
        yield
        click.echo("stopping")


def _welcome(platform: Distributed, *, seconds: float) -> str:
    places = {(place.service, place.part): place for place in platform.places}
    apis = {service: places[service, "api"] for service in SERVICES}
    folder = platform.folder.path
    return f"""Huitou 回頭 is ready, in {len(places)} processes ({seconds:.1f} s)

  API pages    {_lines(f"{place.url}/{service}/docs" for service, place in apis.items())}
  metrics      {_lines(_metrics(places, service) for service in SERVICES)}
  Kafka        {platform.kafka_servers}
  data folder  {folder}
  log files    {platform.logs}/<service>-<{"|".join(PARTS)}>.log, and the engines' {folder}/*.log

  one origin for a front end: let a proxy send each path to its service, {_routes(apis)}

  an operator's token for a try, good for {TOKEN_SECONDS // 3600} hours, at every service:
  TOKEN={platform.token}
  curl -s -H "Authorization: Bearer $TOKEN" {apis["members"].url}/members/v1/members/me

  Ctrl-C stops it; the data stays.
"""


def _lines(parts: Iterable[str]) -> str:
    return "\n               ".join(parts)


def _metrics(places: Mapping[tuple[str, str], Place], service: str) -> str:
    return "  ".join(f"{part} {places[service, part].url}/metrics" for part in PARTS) + f"  ({service})"


def _routes(apis: Mapping[str, Place]) -> str:
    return ", ".join(f"/{service} to {place.port}" for service, place in apis.items())


if __name__ == "__main__":
    main()
