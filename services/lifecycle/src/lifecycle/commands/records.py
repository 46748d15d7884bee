"""What operators changed and what was decided, from the command line: newest first."""

from datetime import datetime
from typing import get_args
from uuid import UUID

import click

from common.db import Database
from lifecycle.commands.policies import language_option
from lifecycle.commands.working import engine_in_force, reading, told_to
from lifecycle.members import service as members
from lifecycle.policy.titles.domain import titles_of
from lifecycle.publishing.changes import service as made
from lifecycle.receipts import service
from lifecycle.receipts.domain import ACTED
from lifecycle.stepping.checks.domain import Reason
from lifecycle.text.faults.domain import Language
from lifecycle.text.labels.domain import called

limit_option = click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True)


@click.command()
@limit_option
def changes(*, limit: int) -> None:
    """Tell what operators changed 變更紀錄, by whom and why."""

    async def work(db: Database) -> list[str]:
        engine = await engine_in_force(db)
        lines = []
        for row in await made.list_changes(db, limit=limit):
            what = row["rule"] or (f"version {row['version']}" if row["version"] else "")
            since = f" from {told_to(row['effective_at'], engine)}" if row["effective_at"] else ""
            note = f": {row['note']}" if row["note"] else ""
            who = row["operator_id"] or "the command line"
            lines.append(
                f"{row['revision']:>5}  {told_to(row['at'], engine)}  {row['kind']} {what}{since}, by {who}{note}"
            )
        return lines

    for line in reading(work):
        click.echo(line)


@click.command()
@click.option("--member", type=click.UUID, help="Only those of this member.")
@click.option("--rule", help="Only those of this rule.")
@click.option("--outcome", type=click.Choice([ACTED, *get_args(Reason)]), help="Only that, or that reason why not.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="Only those decided then or later.")
@limit_option
@language_option
def receipts(
    *,
    member: UUID | None,
    rule: str | None,
    outcome: str | None,
    since: datetime | None,
    limit: int,
    language: Language,
) -> None:
    """Tell what was decided 收據; without what changed nothing, which is counted by day."""

    async def work(db: Database) -> list[str]:
        engine = await engine_in_force(db)
        if member is not None:
            await members.get_own(db, member)
        rows = await service.list_receipts(db, member_id=member, rule=rule, outcome=outcome, since=since, limit=limit)
        titles = titles_of(engine.policy)
        return [
            f"{row['number']:>9}  {told_to(row['gate_at'], engine)}  {row['member_id']}  {row['outcome']:<16}  "
            f"{called(titles, 'rule', row['rule'], language)}"
            for row in rows
        ]

    for line in reading(work):
        click.echo(line)
