"""The public keys that access tokens are verified with."""

import asyncio
from time import monotonic
from typing import Any, Protocol

import httpx2
import jwt
import structlog

from common.errors import Unavailable

log = structlog.get_logger(__name__)

ALGORITHM = "EdDSA"
REFRESH_SECONDS = 300.0
SHORTEST_REFRESH_SECONDS = 5.0
"""An unknown key id asks for a refresh, but not more often than this: tokens are anybody's to invent."""


class PublicKeys(Protocol):
    async def find(self, key_id: str) -> Any | None:
        """The key of that id, or None."""
        ...


class FixedKeys:
    """Keys known from the start: the members service's own, or an embedded platform's."""

    def __init__(self, keys: dict[str, Any]) -> None:
        self._keys = keys

    async def find(self, key_id: str) -> Any | None:
        return self._keys.get(key_id)


class RemoteKeys:
    """Keys fetched from the members service's JWKS and kept for a while; during an outage, until it is over."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, Any] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._failed = False
        self._fetching = asyncio.Lock()

    async def find(self, key_id: str) -> Any | None:
        """The key of that id, or None. Raises Unavailable when it is not held and the keys cannot be fetched."""
        old = monotonic() - self._fetched_at > REFRESH_SECONDS
        if key_id not in self._keys or (old and not self._fetching.locked()):
            await self._refresh()
        if key_id not in self._keys and self._failed:
            raise Unavailable("the keys that sign-in is verified with cannot be fetched", retry_after_seconds=5)
        return self._keys.get(key_id)

    async def _refresh(self) -> None:
        """Fetch the keys, unless somebody has just tried; what is held stays when that fails."""
        async with self._fetching:
            if monotonic() - self._tried_at < SHORTEST_REFRESH_SECONDS:
                return
            self._failed = True
            try:
                async with httpx2.AsyncClient(timeout=5) as client:
                    answer = await client.get(self._url)
                    answer.raise_for_status()
                    self._keys = parse_jwks(answer.json())
                    self._fetched_at = monotonic()
                    self._failed = False
            except (httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
                log.warning("public keys not fetched", url=self._url, error=str(error))
            finally:
                self._tried_at = monotonic()


def parse_jwks(document: dict[str, Any]) -> dict[str, Any]:
    """Key id → public key. Keys of other algorithms are passed over."""
    return {
        key["kid"]: jwt.PyJWK(key, algorithm=ALGORITHM).key for key in document["keys"] if key.get("alg") == ALGORITHM
    }
