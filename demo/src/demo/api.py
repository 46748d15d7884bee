"""The platform's public HTTP APIs, as an operator's program uses them."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from time import monotonic, time
from typing import Any

import httpx2
import msgspec

SIGN_IN_SECONDS = 600.0
TRIES = 8
_AGAIN = {409, 429, 503}


class Refused(Exception):
    """The platform answered with a problem; the message is what it said."""


class Api:
    """Signed in as an operator; asks again when the platform says that it may."""

    def __init__(self, client: httpx2.AsyncClient, origins: Mapping[str, str], *, webhook_secret: str) -> None:
        """`origins`: service → where it is served."""
        self._client = client
        self._origins = origins
        self._webhook_secret = webhook_secret
        self._token = ""
        self._signed_in_at = float("-inf")
        self._signing_in = asyncio.Lock()
        self.requests = 0

    async def get(self, path: str, **query: str | int | None) -> Any:
        parameters = {name: value for name, value in query.items() if value is not None}
        return await self._ask("GET", path, params=parameters)

    async def put(self, path: str) -> Any:
        return await self._ask("PUT", path)

    async def post(self, path: str, body: Mapping[str, Any], *, key: str) -> Any:
        """`key`: the request's own name; asked again under it, nothing happens twice."""
        headers = {"Idempotency-Key": key}
        return await self._ask("POST", path, json=body, headers=headers)

    async def deliver(self, path: str, body: Mapping[str, Any], *, delivery_id: str) -> Any:
        """Deliver a webhook, signed as Standard Webhooks says."""
        content = msgspec.json.encode(body)
        timestamp = str(int(time()))
        signed = b".".join([delivery_id.encode(), timestamp.encode(), content])
        key = base64.b64decode(self._webhook_secret.removeprefix("whsec_"))
        signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        headers = {
            "webhook-id": delivery_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}",
            "content-type": "application/json",
        }
        return await self._ask("POST", path, content=content, headers=headers)

    async def pages(self, path: str, **query: str | int | None) -> list[Any]:
        """Every item of a list."""
        items: list[Any] = []
        cursor = None
        while True:
            page = await self.get(path, cursor=cursor, limit=200, **query)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    async def _ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **arguments: Any) -> Any:
        for attempt in range(1, TRIES + 1):
            await self._sign_in()
            self.requests += 1
            answer = await self._client.request(
                method,
                self._url(path),
                headers={**(headers or {}), "Authorization": f"Bearer {self._token}"},
                **arguments,
            )
            if answer.is_success:
                return msgspec.json.decode(answer.content) if answer.content else None
            if attempt == TRIES or answer.status_code not in _AGAIN or "retry-after" not in answer.headers:
                raise Refused(f"{method} {path}: {answer.status_code} {answer.text}")
            await asyncio.sleep(0.05 * 2**attempt)
        raise AssertionError("the loop above returns or raises")

    def _url(self, path: str) -> str:
        return self._origins[path[1:].partition("/")[0]] + path

    async def _sign_in(self) -> None:
        if monotonic() - self._signed_in_at < SIGN_IN_SECONDS:
            return
        async with self._signing_in:
            if monotonic() - self._signed_in_at >= SIGN_IN_SECONDS:
                await self._fetch_token()

    async def _fetch_token(self) -> None:
        answer = await self._client.post(
            self._url("/members/v1/sessions"),
            json={"provider": "development", "proof": "demo:operator", "channel": "demo"},
        )
        if not answer.is_success:
            raise Refused(f"sign-in: {answer.status_code} {answer.text}")
        self._token = answer.json()["access_token"]
        self._signed_in_at = monotonic()


def new_webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
