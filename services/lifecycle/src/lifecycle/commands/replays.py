"""Replay, and the journal's way out and in, from the command line."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import click
import msgspec

from common.bus.lanes import LANES
from common.cli import with_database
from common.errors import AppError
from common.settings import load_settings
from lifecycle.app import SERVICE
from lifecycle.calendars.domain import Calendar
from lifecycle.journal.archives import service as archives
from lifecycle.replays.histories import service as histories
from lifecycle.replays.runs import service as runs
from lifecycle.replays.runs.domain import Progress
from lifecycle.replays.studies import service as studies
from lifecycle.replays.studies.domain import Asked, Prepared
from lifecycle.reports.displays import service as displays
from lifecycle.reports.wordings.domain import in_short, told
from lifecycle.text.faults.domain import Language

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option(
    "--policy", "draft", type=FILE, help="A draft to try; without it, the published policy is replayed and verified."
)
@click.option("--from", "first", type=DAY, help="The first business day that counts; what was before is only stood.")
@click.option("--to", "last", type=DAY, help="The last one, included.")
@click.option("--member", type=click.UUID, help="Only this member.")
@click.option("--costs", type=FILE, help="JSON: what a coupon of each template costs, in minor units.")
@click.option(
    "--journal", "folder", type=FOLDER, help="An archive to try the draft on, instead of this installation's journal."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A page (.html) or its data (.json).")
@click.option("--language", type=click.Choice(get_args(Language)), default="en", show_default=True)
@click.option("--processes", type=click.IntRange(1, LANES), default=2, show_default=True)
def replay(
    *,
    draft: Path | None,
    first: datetime | None,
    last: datetime | None,
    member: UUID | None,
    costs: Path | None,
    folder: Path | None,
    out: Path | None,
    language: Language,
    processes: int,
) -> None:
    """Replay the journal: what happened, or what a draft would have done. Ctrl-C ends with what is known by then.

    Exit code 1 when the tables hold something else than the published policy's replay gives.
    """
    asked = Asked(
        draft=draft.read_text() if draft else None,
        first=first.date() if first else None,
        last=last.date() if last else None,
        only=member,
        costs=msgspec.json.decode(costs.read_bytes(), type=dict[str, int]) if costs else {},
    )
    study, source = _prepared(asked, folder)
    report, difference = studies.studied(source, study, asked, processes=processes, show=_shown())
    if out is not None:
        page = displays.html_page(report, language=language) if out.suffix == ".html" else None
        out.write_text(page or msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")
    click.echo(in_short(report, language))
    for line in told(report, language):
        click.echo(line)
    if difference is not None:
        click.echo(difference.told(), err=True)
        raise SystemExit(1)


def _prepared(asked: Asked, folder: Path | None) -> tuple[Prepared, runs.Source]:
    try:
        settings = load_settings(SERVICE.settings)
        if folder is not None:
            return studies.prepared_on(folder, asked, tz=settings.timezone, currency=settings.currency), folder
    except AppError as error:
        raise click.ClickException(error.detail) from error
    study = with_database(
        SERVICE, lambda each: studies.prepared(each.db, asked, tz=settings.timezone, currency=settings.currency)
    )
    return study, settings.database_url.get_secret_value()


def _shown() -> Callable[[Progress], None]:
    """Progress on one line of stderr, where a person looks."""
    began = monotonic()

    def show(progress: Progress) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{progress.told(monotonic() - began)}\x1b[K", err=True, nl=False)

    return show


@click.group("journal")
def journal() -> None:
    """The journal 日誌: what every batch took in."""


@journal.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(*, folder: Path) -> None:
    """Write the journal into an empty folder, as Parquet by lane and month."""
    written = with_database(SERVICE, lambda runtime: archives.export(runtime.db, folder))
    click.echo(f"{folder}: {written} entries")


@journal.command("import")
@click.argument("file", type=FILE)
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), help="An empty folder for an archive, instead."
)
@click.option(
    "--tz",
    envvar=["LIFECYCLE_TIMEZONE", "TIMEZONE"],
    default="Asia/Shanghai",
    show_default=True,
    help="With --into: the zone of times without one.",
)
def import_(*, file: Path, into: Path | None, tz: str) -> None:
    """Make a journal of a history: JSON lines or Parquet, a line an event, sorted by time.

    A line is an envelope, or `time`, `event`, `member` and the event's own fields. Into a fresh installation, all or nothing.
    """
    if into is None:
        events = with_database(SERVICE, lambda runtime: histories.imported(runtime.db, file))
    else:
        try:
            events = histories.archived(file, into, Calendar(ZoneInfo(tz)))
        except (AppError, OSError) as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{file}: {events} events")
