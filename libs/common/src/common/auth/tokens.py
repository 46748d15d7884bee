"""Access tokens: short-lived JWTs, one asymmetric algorithm, verified without asking anyone (RFC 8725)."""

from collections import OrderedDict
from time import time
from uuid import UUID

import jwt

from common.auth.keys import ALGORITHM, PublicKeys
from common.auth.principal import Principal, Role
from common.errors import Unauthenticated

TYPE = "at+jwt"
LIFETIME_SECONDS = 900
LEEWAY_SECONDS = 30
REMEMBERED = 10_000


class TokenInvalid(Unauthenticated):
    """No token, or not one of ours that is valid now; the detail says which check failed."""


class TokenVerifier:
    """Verifies a token's signature once and remembers the bearer until the token expires."""

    def __init__(self, *, keys: PublicKeys, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._known: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    async def verify(self, token: str | None) -> Principal:
        """Raises TokenInvalid, or Unavailable when the keys cannot be had."""
        if token is None:
            raise TokenInvalid("sign in first: this needs `Authorization: Bearer …`")
        known = self._known.get(token)
        if known is not None and known[1] > time():
            return known[0]
        principal, expires = await self._decode(token)
        self._known[token] = (principal, expires)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return principal

    async def _decode(self, token: str) -> tuple[Principal, float]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM or header.get("typ") != TYPE:
                raise TokenInvalid(f"expected a token of type {TYPE} signed with {ALGORITHM}")
            key = await self._keys.find(str(header.get("kid")))
            if key is None:
                raise TokenInvalid("the token is signed with a key that is not ours; sign in again")
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
            roles = frozenset(Role(role) for role in claims.get("roles", []))
            return Principal(UUID(claims["sub"]), roles), float(claims["exp"])
        except jwt.ExpiredSignatureError as error:
            raise TokenInvalid("the token has expired; sign in again") from error
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise TokenInvalid(f"the token is not valid: {error}") from error
