"""A ready operator, for a try."""

from common.auth.principal import Role
from common.runtime import Runtime
from members.accounts import service as accounts
from members.accounts.service import Identity
from members.adapters.tokens import TokenSigner
from members.resources import Resources

TOKEN_SECONDS = 12 * 3600


async def operator_token(members: Runtime, signer: TokenSigner, *, actor: str) -> str:
    """Sign in a ready operator, the same one at every start. `actor`: who says that it is one."""
    resources: Resources = members.resources
    identity = Identity("development", resources.secrecy.hash_subject("development", "operator"))
    async with members.db.transaction() as uow:
        member_id = await accounts.register(uow, channel="development", identity=identity)
        await accounts.grant_role(uow, member_id=member_id, role=Role.OPERATOR, actor=actor)
    return signer.sign(member_id, [Role.MEMBER, Role.OPERATOR], lifetime_seconds=TOKEN_SECONDS)
