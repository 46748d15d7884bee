from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings

_DEVELOPMENT_SECRET = "development-only-do-not-use-anywhere-else"  # noqa: S105 - refused outside development


class MembersSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MEMBERS_", extra="ignore", frozen=True)
    DEVELOPMENT_DEFAULTS: ClassVar[dict[str, str]] = {"personal_data_secret": _DEVELOPMENT_SECRET}

    signing_key_file: Path = Field(
        description="Ed25519 private key (PEM) that signs access tokens; made, readable by its owner only, when missing."
    )
    personal_data_secret: SecretStr = Field(
        SecretStr(_DEVELOPMENT_SECRET),
        min_length=32,
        description="Secret that seals personal data and hashes identities. Never change it.",
    )
    sign_ins_per_minute: int = Field(20, ge=1, description="Sign-ins that one address may try in a minute.")
    claims_per_minute: int = Field(30, ge=1, description="Coupons that one member may try to claim in a minute.")
    consent_purposes: list[Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]] = Field(
        default_factory=lambda: ["promo"],
        max_length=32,
        description="Purposes that members are asked to consent to, as JSON; those that a policy's `consent` names.",
    )
    calling_code: str = Field(
        "86", pattern="^[1-9][0-9]{0,2}$", description="Calling code of phone numbers that are written without one."
    )
