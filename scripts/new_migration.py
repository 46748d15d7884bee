"""Write a service's next migration from the difference between its models and its migrations.

    python scripts/new_migration.py orders "add leaders"

Starts a throw-away PostgreSQL, applies what there is, and compares. Read what it wrote before you commit it.
"""

import asyncio
import importlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from common.migrating import comparing, migrate_in_loop
from common.provisioning import provision_database
from common.runtime import Service
from common.testing.databases import EnginesRun


async def _write(service: Service, url: str, message: str) -> None:
    await migrate_in_loop(url=url, schema=service.name, folder=service.migrations)
    number = len(list((service.migrations / "versions").glob("[0-9]*.py"))) + 1
    name = re.sub(r"\W+", "_", message.lower()).strip("_")

    def write(config: Config) -> None:
        config.set_main_option("file_template", f"{number:04d}_{name}")
        command.revision(config, message=message, autogenerate=True, rev_id=f"{number:04d}")

    await comparing(url, service.name, service.migrations, write)


def main() -> None:
    _, name, message = sys.argv
    service: Service = importlib.import_module(f"{name}.app").SERVICE
    with tempfile.TemporaryDirectory(prefix="huitou-migration-") as folder:
        run = EnginesRun(Path(folder) / "data")
        try:
            engines = run.start(services=[name])
            asyncio.run(provision_database(engines.postgres_url, database="huitou", services=[name]))
            asyncio.run(_write(service, engines.url(role=name, database="huitou"), message))
        finally:
            run.stop()
    versions = service.migrations / "versions"
    for arguments in (["check", "--fix"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, "--quiet", str(versions)], check=True)


if __name__ == "__main__":
    main()
