"""Where members stand, and how many are in each segment, from the command line."""

from datetime import datetime
from typing import get_args

import click

from common.db import Database
from lifecycle.commands.policies import language_option
from lifecycle.commands.working import engine_in_force, reading
from lifecycle.policy.titles.domain import titles_of
from lifecycle.standing.segments.service import counts as counted
from lifecycle.standing.transitions.schemas import Period
from lifecycle.standing.trends import service
from lifecycle.text.faults.domain import Language
from lifecycle.text.labels.domain import called

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "first", type=DAY, help="The first business day; else only today's.")
@click.option("--to", "last", type=DAY, help="The last one, included; else today.")
@click.option("--by", type=click.Choice(get_args(Period)), default="day", show_default=True)
@language_option
def standing(*, first: datetime | None, last: datetime | None, by: Period, language: Language) -> None:
    """Tell how many members are in each stage, health and segment, now or at the end of each day or month."""

    async def work(db: Database) -> list[str]:
        engine = await engine_in_force(db)
        today = db.clock.now().astimezone(engine.calendar.zone).date()
        begin, end = (first.date() if first else today), (last.date() if last else today)
        titles = titles_of(engine.policy)
        return [
            f"{period}  {called(titles, 'value', dimension, language):<24} "
            f"{called(titles, 'value', value, language):<32} {members:>10,}"
            for period, stands in await service.standing_by(db, engine.calendar, first=begin, last=end, by=by)
            for (dimension, value), members in sorted(stands.items())
        ]

    for line in reading(work):
        click.echo(line)


@click.command()
@language_option
def segments(*, language: Language) -> None:
    """Tell how many members each segment 分群 of the policy in force has, and what it asks."""

    async def work(db: Database) -> list[str]:
        engine = await engine_in_force(db)
        counts, titles = await counted(db), titles_of(engine.policy)
        return [
            f"{counts.get(each.name, 0):>10,}  {called(titles, 'value', each.name, language):<32} {each.condition}"
            for each in engine.policy.segments
        ]

    for line in reading(work):
        click.echo(line)
