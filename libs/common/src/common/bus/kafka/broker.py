"""Where the broker is and how one signs in there."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaConnectionError, KafkaError, SaslAuthenticationFailed
from pydantic import SecretStr

from common.errors import Unavailable

REQUEST_SECONDS = 10.0
"""How long one request may take; then it is as if the broker were away."""


Security: TypeAlias = Literal["none", "tls", "sasl"]
"""`sasl`: a user and a password by SCRAM-SHA-512, over TLS."""

_HINTS: Sequence[tuple[type[Exception], str]] = (
    (ssl.SSLError, "see KAFKA_CA_FILE and KAFKA_CERTIFICATE_FILE"),
    (SaslAuthenticationFailed, "see KAFKA_USERNAME and KAFKA_PASSWORD"),
    (KafkaConnectionError, "is KAFKA_SECURITY what it asks for, and is this its address?"),
    (OSError, "is it running, and is this its address?"),
)


class BrokerAway(Unavailable):
    """The broker cannot be reached or does not let us in; the detail says which address, and why."""


@dataclass(frozen=True, kw_only=True)
class Broker:
    """`prefix` begins the name of every topic and group, so that installations can share a broker."""

    servers: str
    prefix: str = "huitou"
    security: Security = "none"
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    username: str | None = None
    password: SecretStr | None = None

    def topic(self, service: str) -> str:
        return f"{self.prefix}.{service}"

    def group(self, service: str) -> str:
        return f"{self.prefix}.{service}"

    def options(self, client: str) -> dict[str, Any]:
        """What every client of aiokafka is given. Raises OSError or ssl.SSLError for files that cannot be used."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.servers,
            "client_id": f"{self.prefix}.{client}",
            "request_timeout_ms": int(1000 * REQUEST_SECONDS),
        }
        if self.security == "none":
            return options
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file is not None:
            context.load_cert_chain(self.certificate_file, self.key_file)
        options |= {"security_protocol": "SSL", "ssl_context": context}
        if self.security == "sasl":
            options |= {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password.get_secret_value() if self.password else None,
            }
        return options

    async def away(self, error: KafkaError | OSError) -> BrokerAway:
        """The error as one says it to a person: the client only says that it could not connect, so try once more."""
        if isinstance(error, KafkaConnectionError | TimeoutError):
            error = await self._find_reason() or error
        hint = next((hint for kind, hint in _HINTS if isinstance(error, kind)), "see its log")
        said = str(error) or type(error).__name__
        return BrokerAway(f"Kafka at {self.servers} ({self.security}): {said}; {hint}", retry_after_seconds=5)

    async def _find_reason(self) -> KafkaError | OSError | None:
        """Why the first broker that does not let us in does not. None: all of them do."""
        options = self.options("check")
        for address in options.pop("bootstrap_servers").split(","):
            host, _, port = address.strip().rpartition(":")
            try:
                async with asyncio.timeout(REQUEST_SECONDS):
                    connection = await create_conn(host.strip("[]"), int(port), **options)
            except (KafkaError, OSError) as error:
                return error
            connection.close()
        return None
