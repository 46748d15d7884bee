"""Why, and why not, from the command line."""

from typing import get_args
from uuid import UUID

import click

from common.cli import with_database
from common.runtime import Runtime
from lifecycle.answers import service as answers
from lifecycle.answers.domain import RULE, Answer, agrees, lines
from lifecycle.app import SERVICE
from lifecycle.engine.domain import Engine
from lifecycle.policy.titles.domain import titles_of
from lifecycle.resources import Resources
from lifecycle.text.faults.domain import Language

LANGUAGE = click.option("--language", type=click.Choice(get_args(Language)), default="en", show_default=True)
DEEP = click.option("--deep", is_flag=True, help="Derive it from the journal; exit code 1 when what is kept differs.")


@click.command()
@click.argument("member", type=click.UUID)
@click.argument("about", required=False)
@LANGUAGE
@DEEP
def why(*, member: UUID, about: str | None, language: Language, deep: bool) -> None:
    """Tell why a member is in their stage, health or a segment, or what a rule did for them and by which values.

    ABOUT is `stage`, `health`, a segment or a rule; `rule:` and its id where a segment has the same name.
    """
    _explain(member, about, language=language, deep=deep)


@click.command("why-not")
@click.argument("member", type=click.UUID)
@click.argument("rule")
@LANGUAGE
@DEEP
def why_not(*, member: UUID, rule: str, language: Language, deep: bool) -> None:
    """Tell why a rule did not act for a member, and all that would stand in its way now."""
    _explain(member, f"{RULE}{rule.removeprefix(RULE)}", language=language, deep=deep)


def _explain(member: UUID, about: str | None, *, language: Language, deep: bool) -> None:
    async def work(runtime: Runtime) -> tuple[list[Answer], Engine]:
        async with runtime.with_resources():
            resources: Resources = runtime.resources
            return await answers.answers(
                runtime.db, resources.versions, member, about=about, deep=deep, keep=resources.keep_receipts
            )

    found, engine = with_database(SERVICE, work)
    titles = titles_of(engine.policy)
    for answer in found:
        for line in lines(answer, language, engine.calendar.zone, titles):
            click.echo(line)
    if not all(map(agrees, found)):
        raise SystemExit(1)
