"""The rule of each route: who may call it. Every route has one; a test fails for a route without."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from fastapi.security.utils import get_authorization_scheme_param

from common.auth.principal import Principal, Role
from common.auth.tokens import TokenInvalid, TokenVerifier
from common.errors import Forbidden
from common.http.limits import count_request


class RoleMissing(Forbidden):
    """The caller is known but has none of the roles that may do this."""


class Allow(SecurityBase):
    """A dependency that gives the caller when they have one of the roles."""

    model = HTTPBearer(description="An access token from the members service")
    scheme_name = "HTTPBearer"

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(self, request: Request) -> Principal:
        principal = await _identify(request)
        request.state.principal = principal
        await count_request(request)
        if not principal.has(*self.roles):
            raise RoleMissing(f"this needs one of the roles: {', '.join(self.roles)}")
        return principal


async def _identify(request: Request) -> Principal:
    verifier: TokenVerifier = request.app.state.runtime.verifier
    scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
    try:
        return await verifier.verify(token if scheme.lower() == "bearer" and token else None)
    except TokenInvalid:
        await count_request(request)
        raise


async def public(request: Request) -> None:
    """Open to anyone, on purpose."""
    await count_request(request)


AnyMember = Annotated[Principal, Depends(Allow(Role.MEMBER))]
Operator = Annotated[Principal, Depends(Allow(Role.OPERATOR))]
Clerk = Annotated[Principal, Depends(Allow(Role.CLERK, Role.OPERATOR))]
