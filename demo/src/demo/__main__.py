"""`python -m demo`: real purchases through the whole platform, started by `make demo`."""

import sys
from pathlib import Path

import click
from prometheus_client import disable_created_metrics
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from common import loops
from common.engines.errors import EngineError
from common.logging import configure_logging
from common.migrating import MigrationError
from common.serving import Interrupted, PortBusy, run_until_interrupted
from common.shared_clock import ClockLost
from demo.api import Refused
from demo.journey import Journey, JourneyMissing, journey_folder
from demo.report import print_report
from demo.run import ZONE, carried
from demo.state import OtherDemo
from demo.steps import Step
from embedded.platform import BUSES, Bus, Configuration
from embedded.settling import NotSettled

DEFAULT_HOUSEHOLDS = 50
_EXPECTED = (EngineError, MigrationError, PortBusy, JourneyMissing, OtherDemo, NotSettled, Refused, ClockLost)


class Bar:
    """Baskets placed, with their rate and the remaining time."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._progress.add_task("2017", rate="")

    def begin(self, *, done: int, total: int) -> None:
        self._progress.update(self._task, total=total, completed=done)
        self._progress.start()

    def stepped(self, step: Step) -> None:
        speed = self._progress.tasks[self._task].speed or 0.0
        self._progress.update(
            self._task, advance=len(step.baskets), description=f"{step.at:%Y-%m-%d}", rate=f"{speed:,.0f} baskets/s"
        )

    def end(self) -> None:
        self._progress.stop()


@click.command(help="Replay The Complete Journey (2017) through the platform's HTTP APIs on a virtual clock.")
@click.option("--households", type=click.IntRange(1), default=DEFAULT_HOUSEHOLDS, show_default=True, help="How many.")
@click.option("--all", "everyone", is_flag=True, help="All 2,469 households.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="The data folder; by default one for each number of households."
)
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65535),
    help="Port of the APIs while it runs, --local: the first; 0: any free.",
)
@click.option(
    "--bus", default="postgres", show_default=True, type=click.Choice(BUSES), help="What carries the event log."
)
@click.option(
    "--kafka-port", type=click.IntRange(1, 65535), help="The broker's first port; as before, else any free one."
)
@click.option("--local", is_flag=True, help="Every service in processes of its own; always over Kafka.")
def main(
    *, households: int, everyone: bool, data: Path | None, port: int, bus: Bus, kafka_port: int | None, local: bool
) -> None:
    disable_created_metrics()  # type: ignore[no-untyped-call]
    configure_logging(level="WARNING", format="console")
    console = Console()
    try:
        journey = Journey(journey_folder(), households=None if everyone else households, zone=ZONE)
        folder = data or Path(f".huitou-demo-{len(journey.households)}")
        wanted = Configuration(data=folder, port=port, bus=bus, kafka_port=kafka_port, tell=console.print)
        right = loops.run(run_until_interrupted(_run(journey, wanted, console, local=local)))
    except Interrupted:
        console.print("interrupted; the same command goes on from here")
        sys.exit(130)
    except _EXPECTED as error:
        click.echo(f"demo: {error}", err=True)
        sys.exit(1)
    sys.exit(not right)


async def _run(journey: Journey, wanted: Configuration, console: Console, *, local: bool) -> bool:
    bar = Bar(console)
    try:
        async with carried(journey, wanted, progress=bar, local=local) as run:
            bar.end()
            return await print_report(run, console)
    finally:
        bar.end()


if __name__ == "__main__":
    main()
