"""The rule of each route: who may call it. Every route has one; a test fails for a route without."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from common.auth.principal import Principal, Role
from common.auth.tokens import TokenInvalid, TokenVerifier
from common.errors import Forbidden
from common.http.limits import count_request

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
        principal = await _identify(request, credentials)
        request.state.principal = principal
        await count_request(request)
        if not principal.has(*self.roles):
            raise RoleMissing(f"this needs one of the roles: {', '.join(self.roles)}")
        return principal


async def _identify(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Principal:
    verifier: TokenVerifier = request.app.state.runtime.verifier
    try:
        return await verifier.verify(credentials.credentials if credentials else None)
    except TokenInvalid:
        await count_request(request)
        raise


async def public(request: Request) -> None:
    """Open to anyone, on purpose."""
    await count_request(request)


AnyMember = Annotated[Principal, Depends(Allow(Role.MEMBER))]
Operator = Annotated[Principal, Depends(Allow(Role.OPERATOR))]
Clerk = Annotated[Principal, Depends(Allow(Role.CLERK, Role.OPERATOR))]
