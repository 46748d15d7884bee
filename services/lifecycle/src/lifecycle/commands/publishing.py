"""Publishing from the command line, against the configured database. The record of changes says that it was the command line."""

from datetime import datetime
from pathlib import Path

import click

from common.db import Database
from lifecycle.commands.policies import language_option, read_policy, tz_option
from lifecycle.commands.working import engine_in_force, in_transaction, reading, told_to
from lifecycle.engine.domain import Engine
from lifecycle.publishing import service
from lifecycle.publishing.overviews import service as overviews
from lifecycle.publishing.schemas import VersionSummaries, VersionView
from lifecycle.text.faults.domain import Language

version_argument = click.argument("version", type=click.IntRange(min=1))
note_option = click.option("--note", default="", help="Why, for whoever reads the record of changes.")


def add_to(policy: click.Group) -> None:
    for command in (versions, progress, prepare, publish, abandon, restore, pause, resume):
        policy.add_command(command)


@click.command()
def versions() -> None:
    """List the versions 版本 of the policy, newest first, and the rules that are paused."""
    found, engine = reading(_listed)
    for each in found.items:
        since = f" from {told_to(each.effective_at, engine)}" if each.effective_at else ""
        click.echo(f"{each.version:>4}  {each.state}{since}")
    if found.paused:
        click.echo(f"paused: {', '.join(found.paused)}")


@click.command()
@version_argument
def progress(*, version: int) -> None:
    """Tell how far what follows from a version has come, and whom it would move."""
    _tell(reading(lambda db: overviews.get_version(db, version)))


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@language_option
@tz_option
@note_option
def prepare(*, file: Path, language: Language, tz: str, note: str) -> None:
    """Keep a policy as a version in preparation; workers count what it counts anew, and look whom it would move."""
    read_policy(file, language, tz, exit_code=1)
    text = file.read_text(encoding="utf-8")
    _prepared(in_transaction(lambda uow: service.prepare(uow, text=text, tz=tz, operator_id=None, note=note)))


@click.command()
@version_argument
@click.option("--replaces", type=int, required=True, help="The version in force, as far as you know.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="When, with its zone; else in 30 seconds.")
@note_option
def publish(*, version: int, replaces: int, at: datetime | None, note: str) -> None:
    """Let a version in preparation take effect for everybody at one moment. It moves members and does nothing to them."""
    moment = in_transaction(
        lambda uow: service.publish(uow, version, replaces=replaces, effective_at=at, operator_id=None, note=note)
    )
    click.echo(f"version {version} takes effect at {told_to(moment, reading(engine_in_force))}")


@click.command()
@version_argument
@note_option
def abandon(*, version: int, note: str) -> None:
    """Give a version up that is in preparation, or published and not in effect yet."""
    in_transaction(lambda uow: service.abandon(uow, version, operator_id=None, note=note))
    click.echo(f"version {version} is given up")


@click.command()
@version_argument
@note_option
def restore(*, version: int, note: str) -> None:
    """Prepare the text of an earlier version anew, to roll back 回復 by publishing it."""
    _prepared(in_transaction(lambda uow: service.restore(uow, version, operator_id=None, note=note)))


@click.command()
@click.argument("rule")
@note_option
def pause(*, rule: str, note: str) -> None:
    """Let a rule do nothing from the next batch on 暫停."""
    in_transaction(lambda uow: service.switch_rule(uow, rule, paused=True, operator_id=None, note=note))
    click.echo(f"{rule} is paused")


@click.command()
@click.argument("rule")
@note_option
def resume(*, rule: str, note: str) -> None:
    """Let a paused rule act again on what happens from now on."""
    in_transaction(lambda uow: service.switch_rule(uow, rule, paused=False, operator_id=None, note=note))
    click.echo(f"{rule} acts again")


async def _listed(db: Database) -> tuple[VersionSummaries, Engine]:
    return await overviews.list_versions(db), await engine_in_force(db)


def _prepared(prepared: service.Prepared) -> None:
    click.echo(f"version {prepared.version} is in preparation")
    if prepared.counted_anew:
        click.echo(f"counted from the journal before it can be published: {', '.join(prepared.counted_anew)}")


def _tell(found: VersionView) -> None:
    click.echo(f"version {found.version}: {found.state}")
    for walk in found.walks:
        share = "done" if walk.is_finished else f"{walk.members} of {walk.of} members"
        click.echo(f"  {walk.kind}: {share}")
    for each in found.impact:
        click.echo(f"  {each.dimension}: {each.now or '-'} → {each.then or '-'}: {each.members} members")
