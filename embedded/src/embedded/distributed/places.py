"""The processes of the distributed platform: which there are, where each listens, and the settings that it gets."""

import json
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.serving import bind
from common.settings import ServiceSettings
from embedded.services import SERVICES

HOST = "127.0.0.1"
PARTS = ("api", "worker", "relay")
PORTS_BETWEEN = 10
"""The APIs have the first ports, one after another; the workers those from ten higher on, then the relays."""


@dataclass(frozen=True)
class Place:
    """One process of one service."""

    service: str
    part: str
    port: int

    @property
    def name(self) -> str:
        return f"{self.service} {self.part}"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def log(self, folder: Path) -> Path:
        return folder / f"{self.service}-{self.part}.log"


def find_places(port: int) -> list[Place]:
    """With the APIs first. `port`: the first one; 0: any that are free. Raises PortBusy."""
    wanted = [
        (service, part, port + number + PORTS_BETWEEN * place if port else 0)
        for place, part in enumerate(PARTS)
        for number, service in enumerate(SERVICES)
    ]
    with ExitStack() as stack:
        bound: list[socket.socket] = []
        for _, _, its_port in wanted:
            bound.append(bind(HOST, its_port))
            stack.callback(bound[-1].close)
        return [
            Place(service, part, found.getsockname()[1])
            for (service, part, _), found in zip(wanted, bound, strict=True)
        ]


def environment(place: Place, places: Iterable[Place], settings: Mapping[str, Any], *, url: str) -> dict[str, str]:
    """What a process is given: ours, and of the caller's what we do not set. `url`: of the service's database."""
    members = next(each for each in places if (each.service, each.part) == ("members", "api"))
    kind = SERVICES[place.service].settings
    values = {
        **{name: value for name, value in settings.items() if name in kind.model_fields},
        "database_url": url,
        "host": HOST,
        "port": place.port,
        "jwks_url": f"{members.url}/members/v1/jwks",
    }
    return dict(os.environ) | {variable(kind, name): written(value) for name, value in values.items()}


def variable(kind: type[ServiceSettings], field: str) -> str:
    """The service's own: nothing wins over it."""
    return f"{kind.model_config.get('env_prefix', '')}{field}".upper()


def written(value: Any) -> str:
    return json.dumps(value) if isinstance(value, Mapping | Sequence) and not isinstance(value, str) else str(value)
