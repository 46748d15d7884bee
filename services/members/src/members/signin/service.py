from uuid import UUID

from common.auth.principal import Role
from common.db import Database
from members.accounts import service as accounts
from members.accounts.service import Identity
from members.errors import ProviderUnknown
from members.resources import Resources


async def sign_in(
    db: Database, resources: Resources, *, provider: str, proof: str, channel: str | None, referrer_id: UUID | None
) -> tuple[UUID, list[Role]]:
    """Who the proof stands for, with their roles; a member from now on if they were none."""
    vouching = resources.providers.get(provider)
    if vouching is None:
        known = ", ".join(resources.providers) or "none is set up"
        raise ProviderUnknown(f"provider: there is no {provider!r} here ({known})")
    vouched = await vouching.verify(proof)
    identity = Identity(provider, resources.secrecy.hash_subject(provider, vouched.subject))
    async with db.transaction() as uow:
        member_id = await accounts.register(
            uow, channel=channel or provider, referrer_id=referrer_id, identity=identity
        )
        for role in sorted(vouched.roles):
            await accounts.grant_role(uow, member_id=member_id, role=role, actor=f"provider:{provider}")
        row = await accounts.get_member(uow, member_id)
    return member_id, accounts.roles_of(row)
