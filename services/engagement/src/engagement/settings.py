from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings
from engagement.channels.domain import secret_bytes

_DEVELOPMENT_SECRETS = {"development": ["whsec_ZGV2ZWxvcG1lbnQtb25seS1kby1ub3QtdXNlLWFueXdoZXJl"]}


class EngagementSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ENGAGEMENT_", extra="ignore", frozen=True)

    webhook_secrets: dict[str, list[SecretStr]] = Field(
        default_factory=dict,
        description="Chat channels and the secrets that sign their deliveries (Standard Webhooks), as JSON"
        " `{channel: [secret, …]}`; several while one replaces another. In development there is a channel `development`.",
    )
    webhooks_per_minute: int = Field(600, ge=1, description="Deliveries that one address may make in a minute.")

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
