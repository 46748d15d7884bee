"""The rule of each route: who may call it. Every route has one; a test fails for a route without."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from common.auth.principal import Principal, Role
from common.auth.tokens import TokenInvalid, TokenVerifier
from common.errors import Forbidden

_bearer = HTTPBearer(auto_error=False, description="An access token from the members service")


class RoleMissing(Forbidden):
    """The caller is known but has none of the roles that may do this."""


class Allow:
    """A dependency that gives the caller when they have one of the roles."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(
        self, request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Principal:
        if credentials is None:
            raise TokenInvalid("sign in first: this needs `Authorization: Bearer …`")
        verifier: TokenVerifier = request.app.state.runtime.verifier
        principal = await verifier.verify(credentials.credentials)
        if not principal.has(*self.roles):
            raise RoleMissing(f"this needs one of the roles: {', '.join(self.roles)}")
        request.state.principal = principal
        return principal


async def public() -> None:
    """Open to anyone, on purpose."""


AnyMember = Annotated[Principal, Depends(Allow(Role.MEMBER))]
Operator = Annotated[Principal, Depends(Allow(Role.OPERATOR))]
Clerk = Annotated[Principal, Depends(Allow(Role.CLERK, Role.OPERATOR))]
