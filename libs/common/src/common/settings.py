"""Settings are environment variables. `ORDERS_PORT` is orders' own; `PORT` is everybody's who has none of their own."""

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from common.bus.kafka.broker import Broker, Security
from common.bus.kafka.rules import TopicRules
from common.contracts.topics import TOPICS

SYSTEM_CLOCK = "system"


class SettingsError(Exception):
    """What is missing or wrong, a line each, naming the variable."""


class ServiceSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True, enable_decoding=False)

    DEVELOPMENT_DEFAULTS: ClassVar[dict[str, str]] = {}
    """Secrets that have a default for development only: field → that default."""

    environment: Literal["development", "production"] = Field(
        "production", description="`development` permits the development identity and default secrets."
    )
    database_url: SecretStr = Field(
        description="PostgreSQL of this service, `postgresql://role:password@host:port/database`."
    )
    database_connections: int = Field(10, ge=2, le=200, description="Most connections that a process keeps.")
    bus: Literal["postgres", "kafka"] = Field("postgres", description="What carries the event log between services.")
    kafka_servers: str | None = Field(
        None, description="Kafka's brokers, `host:port,host:port`; needed by a relay, and with `BUS=kafka`."
    )
    kafka_prefix: str = Field(
        "huitou",
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$",
        description="Begins the names of topics and groups, so that installations can share brokers.",
    )
    kafka_security: Security = Field(
        "none", description="`tls`, or `sasl`: a user and a password by SCRAM-SHA-512 over TLS."
    )
    kafka_ca_file: Path | None = Field(None, description="Who signed the brokers' certificates; the system's else.")
    kafka_certificate_file: Path | None = Field(None, description="A certificate of this client, where brokers ask.")
    kafka_key_file: Path | None = Field(None, description="The key of that certificate.")
    kafka_username: str | None = Field(None, description="For `sasl`.")
    kafka_password: SecretStr | None = Field(None, description="For `sasl`.")
    kafka_replication: int = Field(3, ge=1, le=9, description="Copies of every event, of a topic that a relay makes.")
    kafka_minimum_in_sync: int = Field(
        2, ge=1, le=9, description="Copies that are written before an event is acknowledged."
    )
    kafka_days: int | None = Field(
        None, ge=1, le=3650, description="Days that a topic keeps events: `LOG_DAYS` unless it is more."
    )
    log_urls: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Where other services' logs are, as JSON `{service: url}`; a service not named is in `DATABASE_URL`.",
    )
    log_days: int = Field(14, ge=1, le=3650, description="Days that this service's own log is kept.")
    valkey_url: SecretStr | None = Field(
        None, description="Redis or Valkey for rate limits; without it stricter limits hold inside each process."
    )
    host: str = Field("127.0.0.1", description="Address that HTTP binds to.")
    port: int = Field(8000, ge=0, le=65535, description="Port of the API; a worker serves health and metrics there.")
    maximum_body_bytes: int = Field(1024 * 1024, ge=1024, description="A larger request body is refused with 413.")
    requests_per_minute: int = Field(600, ge=1, description="Requests that one caller may make in a minute.")
    currency: str = Field("CNY", pattern="^[A-Z]{3}$", description="The installation's one currency, ISO 4217.")
    timezone: str = Field("Asia/Shanghai", description="The business's time zone: where its days begin.")
    token_issuer: str = Field("huitou", description="`iss` of access tokens.")
    token_audience: str = Field("huitou", description="`aud` of access tokens.")
    jwks_url: str | None = Field(None, description="Where the members service publishes its public keys.")
    clock: SecretStr = Field(
        SecretStr(SYSTEM_CLOCK),
        description="Business time: `system`, or the `postgresql://` of a virtual clock that processes share (development only).",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe log line written."
    )
    log_format: Literal["json", "console"] = Field("json", description="How log lines are written.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("expected an IANA time zone such as Asia/Shanghai")
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _json(cls, value: object, info: ValidationInfo) -> object:
        """Lists and mappings stand in the environment as JSON; read here, where a wrong one can be named."""
        if not (isinstance(value, str) and _is_collection(cls.model_fields[info.field_name or ""].annotation)):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("expected JSON") from None

    @field_validator("log_urls")
    @classmethod
    def _known_services(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if not value.keys() <= TOPICS.keys():
            raise ValueError(f"expected URLs of other services, by name: {', '.join(TOPICS)}")
        return value

    @field_validator("database_url", "log_urls")
    @classmethod
    def _postgres(cls, value: SecretStr | dict[str, SecretStr]) -> SecretStr | dict[str, SecretStr]:
        urls = value.values() if isinstance(value, dict) else [value]
        if not all(url.get_secret_value().startswith("postgresql://") for url in urls):
            raise ValueError("expected postgresql://role:password@host:port/database")
        return value

    @field_validator("clock")
    @classmethod
    def _some_clock(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        url = value.get_secret_value()
        if url == SYSTEM_CLOCK:
            return value
        if not url.startswith("postgresql://"):
            raise ValueError("expected `system`, or postgresql://role:password@host:port/database of a virtual clock")
        if info.data.get("environment") == "production":
            raise ValueError("a virtual clock is for development only; production goes by `system`")
        return value

    @field_validator("valkey_url")
    @classmethod
    def _valkey(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("expected redis://host:port")
        return value

    @field_validator("kafka_servers")
    @classmethod
    def _servers(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[^\s:,]+:\d{1,5}(,[^\s:,]+:\d{1,5})*", value):
            raise ValueError("expected host:port,host:port")
        return value

    @field_validator("jwks_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("expected https://host/members/v1/jwks")
        return value

    @field_validator("*")
    @classmethod
    def _no_default_secret(cls, value: Any, info: ValidationInfo) -> Any:
        """Outside development a secret is one's own. `environment` is the first field, so it is known here or wrong itself."""
        default = cls.DEVELOPMENT_DEFAULTS.get(info.field_name or "")
        production = info.data.get("environment") == "production"
        if production and isinstance(value, SecretStr) and value.get_secret_value() == default:
            raise ValueError("still has its development default; set one of your own")
        return value

    @model_validator(mode="after")
    def _complete_broker(self) -> Self:
        if self.kafka_servers is None and self.bus == "kafka":
            raise ValueError("BUS=kafka needs KAFKA_SERVERS: where the brokers are")
        if self.kafka_security == "sasl" and not (self.kafka_username and self.kafka_password):
            raise ValueError("KAFKA_SECURITY=sasl needs KAFKA_USERNAME and KAFKA_PASSWORD")
        if (self.kafka_certificate_file is None) != (self.kafka_key_file is None):
            raise ValueError("KAFKA_CERTIFICATE_FILE and KAFKA_KEY_FILE belong together")
        if self.kafka_minimum_in_sync > self.kafka_replication:
            raise ValueError("KAFKA_MINIMUM_IN_SYNC is at most KAFKA_REPLICATION")
        if self.kafka_days is not None and self.kafka_days < self.log_days:
            raise ValueError("KAFKA_DAYS is at least LOG_DAYS: a relay can send again what the outbox still has")
        return self

    @property
    def development(self) -> bool:
        return self.environment == "development"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def required_broker(self) -> Broker:
        """Where Kafka is. Raises SettingsError when nobody said."""
        if self.kafka_servers is None:
            raise SettingsError("KAFKA_SERVERS: missing; where the brokers are, host:port,host:port")
        return Broker(
            servers=self.kafka_servers,
            prefix=self.kafka_prefix,
            security=self.kafka_security,
            ca_file=self.kafka_ca_file,
            certificate_file=self.kafka_certificate_file,
            key_file=self.kafka_key_file,
            username=self.kafka_username,
            password=self.kafka_password,
        )

    @property
    def topic_rules(self) -> TopicRules:
        return TopicRules(
            keep=timedelta(days=self.kafka_days or self.log_days),
            replication=self.kafka_replication,
            minimum_in_sync=self.kafka_minimum_in_sync,
        )

    @property
    def shared_clock_url(self) -> str | None:
        """Where the virtual clock is that this process goes by, if it does."""
        url = self.clock.get_secret_value()
        return None if url == SYSTEM_CLOCK else url

    def log_url(self, producer: str) -> str:
        """The database that holds a producer's log."""
        return self.log_urls.get(producer, self.database_url).get_secret_value()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, EnvSettingsSource(settings_cls, env_prefix="")


S = TypeVar("S", bound=ServiceSettings)


def load_settings(kind: type[S], **values: Any) -> S:
    """Read a service's settings; `values` win over the environment. Raises SettingsError."""
    try:
        return kind(**values)
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        raise SettingsError("\n".join(_line(prefix, problem) for problem in error.errors())) from None


def _is_collection(annotation: Any) -> bool:
    """Whether a list or a mapping is what it means, or one of what it means."""
    origin = get_origin(annotation) or annotation
    return origin in {dict, list, set, tuple} or any(map(_is_collection, get_args(annotation)))


def _line(prefix: str, problem: ErrorDetails) -> str:
    """One problem, named by the variable that holds it; never with the value, which may be a secret."""
    message = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    name = str(problem["loc"][0]).upper()
    own = prefix.upper() + name
    present = {variable.upper() for variable in os.environ}
    return f"{name if name in present and own not in present else own}: {message}"
