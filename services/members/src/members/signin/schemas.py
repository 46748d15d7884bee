from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from members.accounts.schemas import Channel


class SignIn(BaseModel):
    """A proof of identity from a provider."""

    model_config = ConfigDict(extra="forbid")
    provider: str = Field(max_length=32, examples=["development"])
    proof: str = Field(
        min_length=1, max_length=512, description="What the provider gave; in development `name` or `name:roles`."
    )
    channel: Channel | None = Field(
        None, description="How they came; recorded at the first sign-in. The provider's name if absent."
    )
    referrer_id: UUID | None = Field(None, description="The member who brought them; recorded at the first sign-in.")


class Session(BaseModel):
    """An access token and whose it is."""

    member_id: UUID
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme of RFC 6750
    expires_in: int = Field(description="Seconds.")


class Jwk(BaseModel):
    """A public key."""

    kty: str
    crv: str
    x: str
    kid: str
    alg: str
    use: str


class Jwks(BaseModel):
    """The public keys that access tokens are verified with."""

    keys: list[Jwk]
