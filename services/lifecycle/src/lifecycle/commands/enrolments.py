"""Enrolments from the command line: counted first, and begun when whoever sees the count says so."""

from uuid import UUID

import click

from lifecycle.commands.publishing import note_option
from lifecycle.commands.working import in_transaction, reading
from lifecycle.publishing.enrolments import service
from lifecycle.publishing.enrolments.domain import Among

SHOWN = 20


def add_to(policy: click.Group) -> None:
    for command in (enrol, enrolments, unenrol):
        policy.add_command(command)


@click.command()
@click.argument("rule")
@click.option("--stage", help="Only members in this stage now.")
@click.option("--health", help="Only members of this health now.")
@click.option("--segment", help="Only members in this segment now.")
@click.option("--per-minute", type=click.IntRange(12, 600_000), required=True, help="Members a minute, over all lanes.")
@click.option("--yes", is_flag=True, help="Begin without asking.")
@note_option
def enrol(
    *, rule: str, stage: str | None, health: str | None, segment: str | None, per_minute: int, yes: bool, note: str
) -> None:
    """Bring a rule to members who stand so already 登記: tell to how many, and ask before it begins."""
    among = Among(stage=stage, health=health, segment=segment)
    proposed = in_transaction(
        lambda uow: service.propose(uow, rule=rule, among=among, per_minute=per_minute, operator_id=None, note=note)
    )
    enrolment_id, members = proposed["enrolment_id"], proposed["members"]
    click.echo(f"{enrolment_id}: {rule} would be brought to {members:,} members, {per_minute:,} a minute")
    if yes or click.confirm("Begin?"):
        in_transaction(lambda uow: service.confirm(uow, enrolment_id, members=members, operator_id=None))
        click.echo(f"{enrolment_id} has begun")
    else:
        in_transaction(lambda uow: service.stop(uow, enrolment_id, operator_id=None))
        click.echo(f"{enrolment_id} is given up")


@click.command()
def enrolments() -> None:
    """List the latest enrolments, newest first."""
    for each in reading(lambda db: service.list_enrolments(db, limit=SHOWN)):
        whom = " ".join(each[name] for name in ("stage", "health", "segment") if each[name]) or "everybody"
        click.echo(f"{each['enrolment_id']}  {each['state']}  {each['rule']} → {whom}: {each['members']:,} members")


@click.command()
@click.argument("enrolment", type=click.UUID)
def unenrol(*, enrolment: UUID) -> None:
    """Bring an enrolment's rule to nobody else; what was asked for stays asked for."""
    in_transaction(lambda uow: service.stop(uow, enrolment, operator_id=None))
    click.echo(f"{enrolment} is stopped")
