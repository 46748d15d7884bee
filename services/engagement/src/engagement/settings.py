from typing import Annotated, ClassVar

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings
from engagement.channels.domain import secret_bytes

_DEVELOPMENT_SECRETS = {"development": ["whsec_ZGV2ZWxvcG1lbnQtb25seS1kby1ub3QtdXNlLWFueXdoZXJl"]}
_DEVELOPMENT_OUTGOING_SECRET = "development-only-do-not-use-anywhere-else"  # noqa: S105 - refused outside development
HostPattern = Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?$", max_length=260)]


class EngagementSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ENGAGEMENT_", extra="ignore", frozen=True)
    DEVELOPMENT_DEFAULTS: ClassVar[dict[str, str]] = {"outgoing_secret": _DEVELOPMENT_OUTGOING_SECRET}

    webhook_secrets: dict[str, list[SecretStr]] = Field(
        default_factory=dict,
        description="Chat channels and the secrets that sign their deliveries (Standard Webhooks), as JSON"
        " `{channel: [secret, …]}`; several while one replaces another. In development there is a channel `development`.",
    )
    webhooks_per_minute: int = Field(600, ge=1, description="Deliveries that one address may make in a minute.")
    outgoing_hosts: list[HostPattern] = Field(
        default_factory=list,
        description="Hosts that webhooks may go to, as JSON: `api.shop.example`, `*.shop.example`, with `:8443` for another"
        " port than 443. None unless set; their addresses must be public.",
    )
    outgoing_secret: SecretStr = Field(
        SecretStr(_DEVELOPMENT_OUTGOING_SECRET),
        min_length=32,
        description="Secret that the webhook endpoints' own secrets follow from. Changing it changes all of them.",
    )
    outgoing_loopback: bool = Field(
        default=False, description="Webhooks may go to this machine, too, also without TLS (development only)."
    )
    complaint_topics: list[Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]] = Field(
        default_factory=lambda: ["quality", "quantity", "pickup", "service", "other"],
        min_length=1,
        max_length=50,
        description="What members may complain of, as JSON.",
    )

    @field_validator("outgoing_loopback")
    @classmethod
    def _only_in_development(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("environment") == "production":
            raise ValueError("this machine is no place for webhooks outside development")
        return value

    @field_validator("webhook_secrets")
    @classmethod
    def _usable(cls, value: dict[str, list[SecretStr]]) -> dict[str, list[SecretStr]]:
        for channel, secrets in value.items():
            if not secrets:
                raise ValueError(f"{channel}: expected at least one secret")
            for secret in secrets:
                try:
                    secret_bytes(secret.get_secret_value())
                except ValueError as error:
                    raise ValueError(f"{channel}: {error}") from None
        return value

    @property
    def channel_secrets(self) -> dict[str, list[str]]:
        """Channel → the secrets that sign its deliveries."""
        given = {name: [secret.get_secret_value() for secret in held] for name, held in self.webhook_secrets.items()}
        return _DEVELOPMENT_SECRETS | given if self.development else given
