"""Calling the shop's own endpoints: only where that is allowed, never for long, and never further than one answer."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Literal

import httpx2

from engagement.webhooks.domain import Egress

TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
MOST_ADDRESSES = 3
READ_BYTES = 4096
"""As much of an answer as is read; only its status counts."""

Fault = Literal["address_forbidden", "no_address", "no_connection", "timeout", "no_http"]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a call ended: with a status, or with a fault before one."""

    milliseconds: int
    status: int | None = None
    fault: Fault | None = None


class Outgoing:
    """The addresses of a host are looked up once, checked, and connected to as they are: a name that means another address a
    moment later means nothing. Connections are not kept, so that none is used for another host; redirects are not followed, and
    no proxy of the environment is asked.
    """

    def __init__(self, client: httpx2.AsyncClient, egress: Egress, *, resolve: Resolve | None = None) -> None:
        self._client = client
        self._egress = egress
        self._resolve = resolve or resolve_host

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        started = monotonic()
        status, fault = await self._try(url, headers, body)
        return Answer(milliseconds=round((monotonic() - started) * 1000), status=status, fault=fault)

    async def _try(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int | None, Fault | None]:
        if self._egress.fault(url) is not None:
            return None, "address_forbidden"
        target = httpx2.URL(url)
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                addresses = await self._resolve(target.host, target.port or 443)
                if not addresses:
                    return None, "no_address"
                if not all(map(self._egress.reaches, addresses)):
                    return None, "address_forbidden"
                return await self._call(target, addresses[:MOST_ADDRESSES], headers, body), None
        except TimeoutError:
            return None, "timeout"
        except httpx2.TimeoutException:
            return None, "timeout"
        except httpx2.ConnectError:
            return None, "no_connection"
        except httpx2.HTTPError:
            return None, "no_http"

    async def _call(self, target: httpx2.URL, addresses: Sequence[str], headers: Mapping[str, str], body: bytes) -> int:
        """The status of the first address that can be connected to."""
        for address in addresses[:-1]:
            try:
                return await self._post(target, address, headers, body)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await self._post(target, addresses[-1], headers, body)

    async def _post(self, target: httpx2.URL, address: str, headers: Mapping[str, str], body: bytes) -> int:
        """To the address, as the host: its name is in the `Host`, and its certificate is asked for and verified."""
        async with self._client.stream(
            "POST",
            target.copy_with(host=address),
            content=body,
            headers={**headers, "Host": target.netloc.decode()},
            extensions={"sni_hostname": target.host},
        ) as response:
            read = 0
            async for piece in response.aiter_raw():
                read += len(piece)
                if read >= READ_BYTES:
                    break
            return response.status_code


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """Every address of a host, IPv4 before IPv6; none when it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(address[0]) for *_, address in found}, key=lambda address: (":" in address, address))


@asynccontextmanager
async def outgoing_client(verify: ssl.SSLContext | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """`verify`: whose certificates count; the usual authorities' else."""
    async with httpx2.AsyncClient(
        verify=verify or ssl.create_default_context(),
        timeout=httpx2.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx2.Limits(max_keepalive_connections=0),
        follow_redirects=False,
        trust_env=False,
    ) as client:
        yield client
