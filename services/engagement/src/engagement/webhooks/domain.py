"""Endpoints of the shop's own that webhooks go to: where they may be, and the secrets that sign what they are told."""

import base64
import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Literal
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

State = Literal["active", "disabled"]
OVERLAP = timedelta(days=1)
"""How long the secret before signs, too, after one was rotated."""
HTTPS = 443


@dataclass(frozen=True, slots=True)
class Egress:
    """Where webhooks may go. `hosts`: `api.shop.example`, `*.shop.example`, with `:8443` for another port than 443."""

    hosts: frozenset[str] = frozenset()
    loopback: bool = False
    """Development only: this machine too, any port, also without TLS."""

    def fault(self, url: str) -> str | None:
        """What is wrong with an endpoint's URL; None: it may be called, if its addresses may."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return "expected a URL"
        host = parts.hostname
        if not host or not url.isascii() or parts.username is not None or parts.fragment or " " in url:
            return "expected https://host/path, without a user and without a fragment"
        if self.loopback and _is_loopback(host):
            return None if parts.scheme in {"http", "https"} else "expected http:// or https://"
        if parts.scheme != "https":
            return "expected https://"
        return None if self._permits(host.rstrip("."), port or HTTPS) else f"webhooks may not go to {_named(parts)}"

    def _permits(self, host: str, port: int) -> bool:
        suffix = "" if port == HTTPS else f":{port}"
        labels = host.split(".")
        parents = (f"*.{'.'.join(labels[n:])}{suffix}" for n in range(1, len(labels)))
        return f"{host}{suffix}" in self.hosts or any(parent in self.hosts for parent in parents)

    def reaches(self, address: str) -> bool:
        """Whether an address that a host resolved to may be connected to."""
        return is_public(address) or (self.loopback and _is_loopback(address))


def is_public(address: str) -> bool:
    """Of the internet: not this machine, not a network of ours, nor one of them in the clothes of IPv6."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return is_public(str(found.ipv4_mapped))
        if found.is_site_local or found.sixtofour or found.teredo:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _named(parts: SplitResult) -> str:
    return parts.netloc[:100]


def secret_of(master: bytes, endpoint_id: UUID, number: int) -> str:
    """An endpoint's nth secret, `whsec_…`: it follows from ours, so that it is kept nowhere."""
    key = hmac.digest(master, b"webhook\0" + endpoint_id.bytes + number.to_bytes(8), hashlib.sha256)
    return f"whsec_{base64.b64encode(key).decode()}"


def signing_numbers(number: int, *, rotated_at: datetime, now: datetime) -> Collection[int]:
    """The secrets that sign now: the present one, and for a while the one before."""
    return [number, number - 1] if number > 1 and now < rotated_at + OVERLAP else [number]
