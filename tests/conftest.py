"""One PostgreSQL and one Valkey for the whole run; a database of its own for every test that asks for one."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from common.contracts.topics import TOPICS
from common.testing import brokers
from common.testing.databases import Engines, EnginesRun, cloned, create_log_database
from common.testing.folders import make_folder

SERVICES = list(TOPICS)

settings.register_profile("default", deadline=None, max_examples=50)
settings.register_profile("all", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

_run: EnginesRun | None = None
_folder: Path | None = None


def pytest_configure(config: pytest.Config) -> None:
    """In the first process of the run, unless only pure tests are wanted: start the engines."""
    global _run, _folder  # noqa: PLW0603 - pytest's hooks have nowhere else to keep them
    expression = str(config.getoption("markexpr"))
    if hasattr(config, "workerinput") or "not (integration" in expression or config.getoption("collectonly"):
        return
    _folder = make_folder()
    _run = EnginesRun(_folder)
    _run.start(services=SERVICES).publish()
    config.add_cleanup(brokers.offer())


def pytest_unconfigure() -> None:
    if _run is not None:
        _run.stop()
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)


@pytest.fixture(scope="session")
def engines() -> Engines:
    return Engines.find()


@pytest.fixture(scope="session")
def log_template(engines: Engines) -> str:
    """A database with the log's tables in every service's schema."""
    name = f"log_template_{os.getpid()}"
    asyncio.run(create_log_database(engines, name=name, services=SERVICES))
    return name


@pytest.fixture
async def log_database(engines: Engines, log_template: str) -> AsyncIterator[str]:
    async with cloned(engines, template=log_template) as name:
        yield name
