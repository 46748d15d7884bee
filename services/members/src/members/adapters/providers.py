"""Who vouches that somebody is who they say: one port, several providers."""

from dataclasses import dataclass
from typing import Protocol

from common.auth.principal import Role
from members.errors import ProofRejected


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a provider says: who it is, and roles, which only development grants this way."""

    subject: str
    roles: frozenset[Role] = frozenset()


class IdentityProvider(Protocol):
    async def verify(self, proof: str) -> Vouched:
        """Raises ProofRejected, or Unavailable."""
        ...


class DevelopmentProvider:
    """Signs in any name with any roles: `ann`, `bob:operator`, `eve:leader,clerk`. Exists in development only."""

    async def verify(self, proof: str) -> Vouched:
        name, _, roles = proof.partition(":")
        if not name:
            raise ProofRejected("proof: expected a name, or a name and roles such as `bob:operator`")
        try:
            wanted = frozenset(Role(role.strip()) for role in roles.split(",") if role.strip())
        except ValueError as error:
            raise ProofRejected(f"proof: {error}; roles are {', '.join(Role)}") from error
        return Vouched(name, wanted)
