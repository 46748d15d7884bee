"""Who asks, and what they may be."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    MEMBER = "member"  # 會員
    LEADER = "leader"  # 團長
    CLERK = "clerk"  # 店員: hands over orders at the pick-up points it is assigned to
    OPERATOR = "operator"  # 運營
    ADMIN = "admin"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a verified access token."""

    id: UUID
    roles: frozenset[Role]

    def has(self, *roles: Role) -> bool:
        """Whether it has one of the roles. An admin has every role but that of a service."""
        return any(role in self.roles for role in roles) or (
            Role.ADMIN in self.roles and any(role is not Role.SERVICE for role in roles)
        )
