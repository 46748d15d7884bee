"""Write the pages that follow from the code: events, AsyncAPI, JSON Schemas, configuration, policy, an environment.

python scripts/generate_docs.py          write them
python scripts/generate_docs.py --check  fail when one is not what this script would write
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from common.contracts.topics import TOPICS
from common.runtime import Service
from docs_asyncapi import asyncapi
from docs_configuration import configuration_page
from docs_environment import environment_file
from docs_events import events_page, schemas
from docs_policy import policy_page
from lifecycle.authoring.service import shipped_policy

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = "docs/schemas"


def all_services() -> list[Service]:
    return [importlib.import_module(f"{name}.app").SERVICE for name in TOPICS]


def pages() -> dict[str, str]:
    """Path in the repository → text."""
    services = all_services()
    return {
        "docs/events.md": events_page(services),
        "docs/asyncapi.json": to_json(asyncapi(services)),
        "docs/configuration.md": configuration_page(services),
        "docs/policy.md": policy_page(shipped_policy(tz="Asia/Shanghai")),
        ".env.example": environment_file(services),
        **{f"{SCHEMAS}/{type_name}.json": to_json(schema) for type_name, schema in schemas().items()},
    }


def to_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def stale(folder: Path, wanted: Mapping[str, str]) -> Iterator[str]:
    """The pages that are missing, other than wanted, or left over."""
    for path, text in wanted.items():
        file = folder / path
        if not file.is_file() or file.read_text() != text:
            yield path
    for file in sorted((folder / SCHEMAS).glob("*")):
        if f"{SCHEMAS}/{file.name}" not in wanted:
            yield f"{SCHEMAS}/{file.name}"


def write(folder: Path, wanted: Mapping[str, str]) -> None:
    for path in list(stale(folder, wanted)):
        file = folder / path
        if path not in wanted:
            file.unlink()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(wanted[path])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    wanted = pages()
    if not arguments.check:
        write(ROOT, wanted)
        return
    found = list(stale(ROOT, wanted))
    for path in found:
        print(f"{path} is stale; run: make docs")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
