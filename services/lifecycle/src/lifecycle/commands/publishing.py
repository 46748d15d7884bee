"""Publishing from the command line, against the configured database. The record of changes says that it was the command line."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click

from common.cli import with_database
from common.db import Database, UnitOfWork
from common.runtime import Runtime
from lifecycle.app import SERVICE
from lifecycle.commands.policies import language_option, read_policy, tz_option
from lifecycle.publishing import service
from lifecycle.publishing.overviews import service as overviews
from lifecycle.publishing.schemas import VersionView
from lifecycle.resources import install_policy
from lifecycle.text.faults.domain import Language

T = TypeVar("T")

version_argument = click.argument("version", type=click.IntRange(min=1))
note_option = click.option("--note", default="", help="Why, for whoever reads the record of changes.")


def add_to(policy: click.Group) -> None:
    for command in (versions, progress, prepare, publish, abandon, restore, pause, resume):
        policy.add_command(command)


def _in_transaction(work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    async def begun(runtime: Runtime) -> T:
        await install_policy(runtime)
        async with runtime.db.transaction() as uow:
            return await work(uow)

    return with_database(SERVICE, begun)


def _reading(work: Callable[[Database], Awaitable[T]]) -> T:
    async def begun(runtime: Runtime) -> T:
        await install_policy(runtime)
        return await work(runtime.db)

    return with_database(SERVICE, begun)


@click.command()
def versions() -> None:
    """List the versions 版本 of the policy, newest first, and the rules that are paused."""
    found = _reading(overviews.list_versions)
    for each in found.items:
        since = f" from {each.effective_at.isoformat()}" if each.effective_at else ""
        click.echo(f"{each.version:>4}  {each.state}{since}")
    if found.paused:
        click.echo(f"paused: {', '.join(found.paused)}")


@click.command()
@version_argument
def progress(*, version: int) -> None:
    """Tell how far what follows from a version has come, and whom it would move."""
    _tell(_reading(lambda db: overviews.get_version(db, version)))


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@language_option
@tz_option
@note_option
def prepare(*, file: Path, language: Language, tz: str, note: str) -> None:
    """Keep a policy as a version in preparation; workers count what it counts anew, and look whom it would move."""
    read_policy(file, language, tz, exit_code=1)
    text = file.read_text(encoding="utf-8")
    _prepared(_in_transaction(lambda uow: service.prepare(uow, text=text, tz=tz, operator_id=None, note=note)))


@click.command()
@version_argument
@click.option("--replaces", type=int, required=True, help="The version in force, as far as you know.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="When, with its zone; else in 30 seconds.")
@note_option
def publish(*, version: int, replaces: int, at: datetime | None, note: str) -> None:
    """Let a version in preparation take effect for everybody at one moment. It moves members and does nothing to them."""
    moment = _in_transaction(
        lambda uow: service.publish(uow, version, replaces=replaces, effective_at=at, operator_id=None, note=note)
    )
    click.echo(f"version {version} takes effect at {moment.isoformat()}")


@click.command()
@version_argument
@note_option
def abandon(*, version: int, note: str) -> None:
    """Give a version up that is in preparation, or published and not in effect yet."""
    _in_transaction(lambda uow: service.abandon(uow, version, operator_id=None, note=note))
    click.echo(f"version {version} is given up")


@click.command()
@version_argument
@note_option
def restore(*, version: int, note: str) -> None:
    """Prepare the text of an earlier version anew, to roll back 回復 by publishing it."""
    _prepared(_in_transaction(lambda uow: service.restore(uow, version, operator_id=None, note=note)))


@click.command()
@click.argument("rule")
@note_option
def pause(*, rule: str, note: str) -> None:
    """Let a rule do nothing from the next batch on 暫停."""
    _in_transaction(lambda uow: service.switch_rule(uow, rule, paused=True, operator_id=None, note=note))
    click.echo(f"{rule} is paused")


@click.command()
@click.argument("rule")
@note_option
def resume(*, rule: str, note: str) -> None:
    """Let a paused rule act again on what happens from now on."""
    _in_transaction(lambda uow: service.switch_rule(uow, rule, paused=False, operator_id=None, note=note))
    click.echo(f"{rule} acts again")


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
