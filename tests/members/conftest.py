import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.testing.databases import Engines, cloned
from common.testing.services import RunningService, create_service_database, running_service
from members.app import SERVICE

CONNECTIONS = 12
"""As many as the largest race has callers: whoever asks for a second one hangs it."""


@pytest.fixture(scope="session")
def members_template(engines: Engines) -> str:
    name = f"members_template_{os.getpid()}"
    asyncio.run(create_service_database(engines, name=name, service=SERVICE))
    return name


@pytest.fixture
async def members(engines: Engines, members_template: str, tmp_path: Path) -> AsyncIterator[RunningService]:
    """The service on a database of its own."""
    async with (
        cloned(engines, template=members_template) as database,
        running_service(
            SERVICE,
            engines=engines,
            database=database,
            settings={
                "signing_key_file": tmp_path / "key.pem",
                "database_connections": CONNECTIONS,
                "claims_per_minute": 80,
                "sign_ins_per_minute": 80,
            },
        ) as running,
    ):
        yield running
