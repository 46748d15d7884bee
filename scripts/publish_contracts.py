"""Write down the events' JSON Schemas as published: what other code, running or restored, may rely on from now on.

python scripts/publish_contracts.py

Adds new types and grown schemas to tests/contracts/published; refuses every breaking change. A breaking change is a new version
beside the old. A type that never left this repository may begin anew: delete its file there, and say so in the commit.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract_changes import breaking_changes, same_but_for_words
from docs_events import schemas
from generate_docs import to_json

PUBLISHED = Path(__file__).resolve().parent.parent / "tests" / "contracts" / "published"

Schemas = Mapping[str, Mapping[str, Any]]


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Type → schema as published."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}


def broken(published: Schemas, current: Schemas) -> list[str]:
    """A line for each promise that the current schemas break."""
    lines = []
    for type_name, schema in published.items():
        if type_name not in current:
            lines.append(f"{type_name}: is gone; events of it are stored and must be read")
        else:
            lines += [f"{type_name}: {change}" for change in breaking_changes(schema, current[type_name])]
    return lines


def grown(published: Schemas, current: Schemas) -> list[str]:
    """The types that are new, or have grown."""
    return [
        type_name
        for type_name, schema in current.items()
        if type_name not in published or not same_but_for_words(published[type_name], schema)
    ]


def publish(folder: Path, current: Schemas) -> tuple[list[str], list[str]]:
    """Write what is new or grown, unless something breaks; (what was written, what breaks)."""
    published = read(folder)
    if breaks := broken(published, current):
        return [], breaks
    written = grown(published, current)
    folder.mkdir(parents=True, exist_ok=True)
    for type_name in written:
        (folder / f"{type_name}.json").write_text(to_json(current[type_name]))
    return written, []


def main() -> None:
    written, breaks = publish(PUBLISHED, schemas())
    for line in breaks:
        print(f"breaks {line}")
    for type_name in written:
        print(f"published {type_name}")
    sys.exit(bool(breaks))


if __name__ == "__main__":
    main()
