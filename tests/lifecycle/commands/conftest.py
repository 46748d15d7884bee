"""The command line of lifecycle, as a process of its own, against a running service's database."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from factories.lifecycle import Life

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(life: Life) -> Command:
    """`says`: what is typed when it asks; settings go by their names."""
    service = life.service
    environment = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "development",
        "LIFECYCLE_DATABASE_URL": service.engines.url(role="lifecycle", database=service.database),
    }

    def run(*arguments: object, says: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lifecycle", *map(str, arguments)],
            env=environment | settings,
            input=says,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
