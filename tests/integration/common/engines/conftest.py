import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.engines.copies import copy_cluster
from common.engines.folder import DataFolder, open_folder
from common.engines.postgres import PostgresEngine


@contextmanager
def make_place() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that all users can reach, unlike pytest's own: where user namespaces are forbidden, root needs one."""
    with make_place() as place:
        yield place


@pytest.fixture(scope="session")
def template() -> Iterator[DataFolder]:
    """A stopped cluster to copy from: a copy takes a tenth of an initdb."""

    async def make(folder: DataFolder) -> None:
        async with PostgresEngine(folder, durable=False):
            pass

    with make_place() as place, open_folder(place / "template") as folder:
        asyncio.run(make(folder))
        yield folder


@pytest.fixture
async def folder(place: Path, template: DataFolder) -> AsyncIterator[DataFolder]:
    """A data folder with a cluster that has not been started."""
    with open_folder(place / "data") as folder:
        await copy_cluster(template, folder)
        yield folder


@pytest.fixture
async def engine(folder: DataFolder) -> AsyncIterator[PostgresEngine]:
    """A running server, killed at the end if the test has not stopped it."""
    engine = PostgresEngine(folder, durable=False)
    await engine.start()
    yield engine
    await engine.stop(mode="kill")
