from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings

_DEVELOPMENT_SECRET = "development-only-no-money-moves-here"  # noqa: S105 - its provider exists in development only


class OrdersSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ORDERS_", extra="ignore", frozen=True)

    pay_deadline_minutes: int = Field(
        30, ge=1, le=7 * 24 * 60, description="Minutes that stock and coupon are held for an order that is not paid."
    )
    pickups_per_minute: int = Field(60, ge=1, description="Pick-up codes that one clerk may try in a minute.")
    callbacks_per_minute: int = Field(
        6000, ge=1, description="Payment callbacks that one address may send in a minute."
    )
    development_payment_secret: SecretStr = Field(
        SecretStr(_DEVELOPMENT_SECRET),
        min_length=16,
        description="What the development payment provider signs with; in production there is no such provider.",
    )
