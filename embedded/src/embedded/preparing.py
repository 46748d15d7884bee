"""What comes after the engines and before the services: schemas, and the settings that all services share."""

from collections.abc import Mapping
from typing import Any

from common.engines.folder import DataFolder
from common.migrating import migrate_in_loop
from embedded.engines import Engines
from embedded.services import SERVICES
from members.adapters.tokens import TokenSigner, load_signing_key

LONGEST_DAYS = 3650


async def migrate_all(engines: Engines) -> None:
    """Raises MigrationError."""
    for name, service in SERVICES.items():  # one after another: alembic keeps its context in a global
        await migrate_in_loop(url=engines.urls[name], schema=name, folder=service.migrations)


def service_settings(folder: DataFolder, engines: Engines, *, keep_log: bool = False) -> dict[str, Any]:
    """Settings of every service on these engines, by the names of their fields; all but their databases."""
    settings = {
        "environment": "development",
        "valkey_url": engines.valkey_url,
        "signing_key_file": folder.path / "secrets" / "signing-key.pem",
        "personal_data_secret": folder.secret("personal-data"),
        "outgoing_secret": folder.secret("outgoing"),
        "bus": "postgres",
    }
    return settings | (kafka_settings(engines.kafka_servers, keep_log=keep_log) if engines.kafka_servers else {})


def kafka_settings(servers: str, *, keep_log: bool = False) -> dict[str, Any]:
    """Of a cluster of one broker."""
    settings = {"bus": "kafka", "kafka_servers": servers, "kafka_replication": 1, "kafka_minimum_in_sync": 1}
    return settings | ({"kafka_days": LONGEST_DAYS} if keep_log else {})


def load_signer(settings: Mapping[str, Any]) -> TokenSigner:
    """The members service's, also for who runs beside it."""
    defaults = SERVICES["members"].settings.model_fields
    return TokenSigner(
        load_signing_key(settings["signing_key_file"]),
        issuer=defaults["token_issuer"].default,
        audience=defaults["token_audience"].default,
    )
