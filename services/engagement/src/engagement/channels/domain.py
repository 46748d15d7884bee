"""Who signs a delivery of a chat channel: Standard Webhooks, HMAC-SHA256 over `id.timestamp.body`."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
SHORTEST_SECRET = 24


def secret_bytes(secret: str) -> bytes:
    """`whsec_` and base64 → the key. Raises ValueError, never with the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or len(key) < SHORTEST_SECRET:
        raise ValueError(f"expected {PREFIX} and at least {SHORTEST_SECRET} bytes in base64")
    return key


def sign(secret: str, *, delivery_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`, for one secret."""
    return f"v1,{base64.b64encode(_digest(secret_bytes(secret), delivery_id, str(timestamp), body)).decode()}"


def fault(
    secrets: Sequence[str], *, delivery_id: str, timestamp: str, signatures: str, body: bytes, now: float
) -> str | None:
    """What is wrong with a delivery; None: one of the secrets signed it, lately. `now`: seconds of the system's clock."""
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(int(timestamp) - now) > TOLERANCE_SECONDS:
        return f"webhook-timestamp: expected a Unix time at most {TOLERANCE_SECONDS} seconds from now"
    given = [value.removeprefix("v1,").encode() for value in signatures.split() if value.startswith("v1,")]
    right = [base64.b64encode(_digest(secret_bytes(secret), delivery_id, timestamp, body)) for secret in secrets]
    matches = [hmac.compare_digest(one, other) for one in given for other in right]
    return None if any(matches) else "webhook-signature: no signature is by a secret of this channel"


def _digest(key: bytes, delivery_id: str, timestamp: str, body: bytes) -> bytes:
    return hmac.digest(key, b".".join([delivery_id.encode(), timestamp.encode(), body]), hashlib.sha256)
