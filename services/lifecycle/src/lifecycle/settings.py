from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class LifecycleSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="LIFECYCLE_", extra="ignore", frozen=True)
