from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class LifecycleSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="LIFECYCLE_", extra="ignore", frozen=True)

    receipt_days: int = Field(
        400, ge=1, le=3650, description="Days that receipts are kept; what is older is derived from the journal."
    )
