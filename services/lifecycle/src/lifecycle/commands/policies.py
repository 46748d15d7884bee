from pathlib import Path
from typing import get_args

import click
import msgspec

from lifecycle.authoring import service as authoring
from lifecycle.authoring.domain import NEW, Numbers, author, numbers_of
from lifecycle.inspections.circumstances.domain import NOTHING_KNOWN, Circumstances
from lifecycle.inspections.domain import inspect
from lifecycle.policy.differences.domain import differences
from lifecycle.policy.domain import Policy
from lifecycle.text.documents.domain import read_document
from lifecycle.text.faults.domain import Language, Severity
from lifecycle.text.labels.domain import Label
from lifecycle.text.places.domain import places

SEVERITIES: dict[Severity, Label] = {
    "error": Label(en="error", zh="錯誤"),
    "warning": Label(en="warning", zh="警告"),
    "note": Label(en="note", zh="說明"),
}
SAME = Label(en="the policies are the same; at most their texts differ", zh="兩份策略相同，最多只是文字寫法不同")


@click.group()
def policy() -> None:
    """Policies 策略: what is counted, how members stand by it, what is done then."""


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
language_option = click.option("--language", type=click.Choice(get_args(Language)), default="en", show_default=True)
tz_option = click.option(
    "--tz",
    envvar=["LIFECYCLE_TIMEZONE", "TIMEZONE"],
    show_envvar=True,
    default="Asia/Shanghai",
    show_default=True,
    help="The zone of a policy that names none: as a rule the installation's.",
)


@policy.command()
@click.argument("file", type=FILE)
@language_option
@tz_option
def validate(*, file: Path, language: Language, tz: str) -> None:
    """Tell everything that is wrong with a policy, as file:line:column; exit code 1 when there is anything."""
    found = read_policy(file, language, tz, exit_code=1)
    click.echo(
        f"{file}: {found.name} is a policy: {len(found.metrics)} metrics, {len(found.stages)} stages, "
        f"{len(found.health)} healths, {len(found.segments)} segments, {len(found.rules)} rules"
    )


@policy.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@language_option
@tz_option
def diff(*, old: Path, new: Path, language: Language, tz: str) -> None:
    """Tell what a new policy changes, in words; exit code 1 when it changes anything, 2 when one of them is no policy."""
    before = read_policy(old, language, tz, exit_code=2)
    found = differences(before, read_policy(new, language, tz, exit_code=2, numbers=numbers_of(before)))
    for each in found:
        click.echo(each.told(language))
    if found:
        raise SystemExit(1)
    click.echo(SAME.within(language))


@policy.command()
@click.argument("file", type=FILE)
@language_option
@tz_option
@click.option("--costs", type=FILE, help="JSON: what coupons are worth, how many members stand where, what there is.")
def check(*, file: Path, language: Language, tz: str, costs: Path | None) -> None:
    """Tell what a policy cannot mean, may not mean, and may cost; exit code 1 when any of it is an error."""
    found = read_policy(file, language, tz, exit_code=1)
    node, _ = read_document(file.read_bytes())
    findings = inspect(found, _circumstances(costs), places=places(node) if node else {})
    for each in findings:
        place = f"{each.place.line}:{each.place.column}: " if each.place else ""
        severity, message = SEVERITIES[each.severity].within(language), each.message(language)
        click.echo(f"{file}:{place}{severity}: {each.path}: {message}")
    if any(each.severity == "error" for each in findings):
        raise SystemExit(1)


def _circumstances(file: Path | None) -> Circumstances:
    try:
        return NOTHING_KNOWN if file is None else msgspec.json.decode(file.read_bytes(), type=Circumstances)
    except msgspec.DecodeError as error:
        raise click.UsageError(f"{file}: {error}") from error


def read_policy(file: Path, language: Language, tz: str, *, exit_code: int, numbers: Numbers = NEW) -> Policy:
    """The policy of a file; when it is none, all that is wrong is told, and the command ends."""
    authored = author(file.read_bytes(), tz=tz, numbers=numbers)
    for fault in authored.faults:
        click.echo(f"{file}:{fault.told(language)}")
    if authored.policy is None:
        raise SystemExit(exit_code)
    return authored.policy


@policy.command()
def show() -> None:
    """Print the policy that a new installation lives by: a page to begin one's own with."""
    click.echo(authoring.shipped_text().decode(), nl=False)
