from uuid import UUID

import click

from common.auth.principal import Role
from common.cli import command_line, with_database
from common.runtime import Runtime
from members.accounts import service as accounts
from members.app import SERVICE

ACTOR = "command line"

commands = command_line(SERVICE)
granted_role = click.argument("role", type=click.Choice([role.value for role in Role if role is not Role.MEMBER]))


@commands.command()
@click.argument("member_id", type=click.UUID)
@granted_role
def grant(*, member_id: UUID, role: str) -> None:
    """Give a member a role; it holds from their next sign-in on."""

    async def work(runtime: Runtime) -> bool:
        async with runtime.db.transaction() as uow:
            return await accounts.grant_role(uow, member_id=member_id, role=Role(role), actor=ACTOR)

    changed = with_database(SERVICE, work)
    click.echo(f"{member_id} is {role} from the next sign-in on" if changed else f"{member_id} is {role} already")


@commands.command()
@click.argument("member_id", type=click.UUID)
@granted_role
def revoke(*, member_id: UUID, role: str) -> None:
    """Take a role from a member; tokens already signed hold until they expire, at most 15 minutes."""

    async def work(runtime: Runtime) -> bool:
        async with runtime.db.transaction() as uow:
            return await accounts.revoke_role(uow, member_id=member_id, role=Role(role), actor=ACTOR)

    changed = with_database(SERVICE, work)
    click.echo(f"{member_id} is no longer {role}" if changed else f"{member_id} was not {role}")


if __name__ == "__main__":
    commands()
