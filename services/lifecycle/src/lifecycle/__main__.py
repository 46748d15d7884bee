from pathlib import Path
from typing import get_args

import click

from common.cli import command_line
from lifecycle.app import SERVICE
from lifecycle.authoring import service as authoring
from lifecycle.authoring.domain import author
from lifecycle.faults.domain import Language

commands = command_line(SERVICE)


@commands.group()
def policy() -> None:
    """Policies 策略: what is counted, how members stand by it, what is done then."""


@policy.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--language", type=click.Choice(get_args(Language)), default="en", show_default=True)
@click.option("--tz", default="Asia/Shanghai", show_default=True, help="The zone of a policy that names none.")
def validate(*, file: Path, language: Language, tz: str) -> None:
    """Tell everything that is wrong with a policy, as file:line:column; exit code 1 when there is anything."""
    authored = author(file.read_bytes(), tz=tz)
    for fault in authored.faults:
        click.echo(f"{file}:{fault.told(language)}")
    if authored.policy is None:
        raise SystemExit(1)
    found = authored.policy
    click.echo(
        f"{file}: {found.name} is a policy: {len(found.metrics)} metrics, {len(found.stages)} stages, "
        f"{len(found.health)} healths, {len(found.segments)} segments, {len(found.rules)} rules"
    )


@policy.command()
def show() -> None:
    """Print the policy that a new installation lives by: a page to begin one's own with."""
    click.echo(authoring.shipped_text().decode(), nl=False)


if __name__ == "__main__":
    commands()
