"""Each import contract of pyproject.toml fails when it is broken, on a tree made for it.

The tool runs twice: over a tree that keeps the rules, and over the same tree with every violation at once, each between
modules of its own so that none hides another.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
TEXT = PYPROJECT.read_text()
SECTIONS = "".join(
    re.findall(r"^\[+tool\.importlinter.*?(?=^\[(?!\[?tool\.importlinter)|\Z)", TEXT, re.MULTILINE | re.DOTALL)
)
CONTRACTS = tomllib.loads(SECTIONS)["tool"]["importlinter"]["contracts"]

LAYERS = "demo → embedded → services → common; services are independent"
CONCEPT = "inside a concept: endpoints, handlers → service → repository → schemas → domain"
ROOMS = "a policy: inspections → authoring → policy → facts → conditions → text"
PURE = "domain and contracts are pure"
BARE = "services carry no engines and no test support"

KEPT = {
    "demo.replay": "from embedded.platform import run",
    "embedded.platform": "import orders.app\nimport members.app\nfrom common.engines import postgres",
    "orders.app": "from orders.placement.endpoints import router\nfrom orders.placement import handlers",
    "orders.placement.endpoints": "from orders.placement import service, schemas\nimport fastapi",
    "orders.placement.handlers": "from orders.placement import service",
    "orders.placement.service": "from orders.placement import repository, domain\nfrom orders.stock import service",
    "orders.placement.repository": "from orders.placement import schemas, domain\nimport asyncpg\nimport common.db",
    "orders.placement.schemas": "from orders.placement.domain import Order",
    "orders.placement.domain": "from common.money import Money\nfrom common.contracts import event\nimport dataclasses",
    "orders.stock.service": "import common.bus",
    "lifecycle.authoring.service": "from lifecycle.authoring.drafts import domain",
    "lifecycle.authoring.drafts.domain": "from lifecycle.facts.domain import Facts\nfrom lifecycle.text.faults import domain",
    "members.app": "import common.runtime",
    "common.db": "import sqlalchemy",
    "common.runtime": "import common.http, common.bus",
    "common.bus": "import time",
    "common.contracts.event": "import msgspec",
    "common.testing.databases": "from common.engines import postgres",
}

# (contract, module, what it must not say, the chain that the tool reports)
VIOLATIONS = [
    (LAYERS, "orders.refunds.service", "import members.accounts", "orders.refunds.service -> members.accounts"),
    (LAYERS, "members.points.service", "import orders.refunds", "members.points.service -> orders.refunds"),
    (
        LAYERS,
        "engagement.chat.service",
        "from lifecycle import stepping",
        "engagement.chat.service -> lifecycle.stepping",
    ),
    (
        LAYERS,
        "lifecycle.stepping.rules.service",
        "import engagement.chat",
        "lifecycle.stepping.rules.service -> engagement.chat",
    ),
    (LAYERS, "common.ids", "import orders.refunds", "common.ids -> orders.refunds"),
    (LAYERS, "common.clock", "import embedded.platform", "common.clock -> embedded.platform"),
    (
        LAYERS,
        "lifecycle.stepping.clocks.service",
        "import embedded.platform",
        "lifecycle.stepping.clocks.service -> embedded.platform",
    ),
    (LAYERS, "embedded.banner", "import demo.replay", "embedded.banner -> demo.replay"),
    (CONCEPT, "orders.a.service", "from orders.a import endpoints", "orders.a.service -> orders.a.endpoints"),
    (CONCEPT, "orders.b.service", "from orders.b import handlers", "orders.b.service -> orders.b.handlers"),
    (CONCEPT, "members.a.repository", "from members.a import service", "members.a.repository -> members.a.service"),
    (CONCEPT, "members.b.schemas", "from members.b import repository", "members.b.schemas -> members.b.repository"),
    (CONCEPT, "engagement.a.domain", "from engagement.a import schemas", "engagement.a.domain -> engagement.a.schemas"),
    (
        CONCEPT,
        "engagement.b.endpoints",
        "from engagement.b import handlers",
        "engagement.b.endpoints -> engagement.b.handlers",
    ),
    (
        CONCEPT,
        "engagement.c.handlers",
        "from engagement.c import endpoints",
        "engagement.c.handlers -> engagement.c.endpoints",
    ),
    (
        CONCEPT,
        "lifecycle.a.domain",
        "from lifecycle.a import repository",
        "lifecycle.a.domain -> lifecycle.a.repository",
    ),
    (
        CONCEPT,
        "lifecycle.b.part.domain",
        "from lifecycle.b.part import service",
        "lifecycle.b.part.domain -> lifecycle.b.part.service",
    ),
    (
        ROOMS,
        "lifecycle.policy.rulebook.domain",
        "import lifecycle.authoring.clauses.domain",
        "lifecycle.policy.rulebook.domain -> lifecycle.authoring.clauses.domain",
    ),
    (
        ROOMS,
        "lifecycle.conditions.ranges.domain",
        "import lifecycle.facts.domain",
        "lifecycle.conditions.ranges.domain -> lifecycle.facts.domain",
    ),
    (PURE, "lifecycle.pure.part.domain", "import time", "lifecycle.pure.part.domain -> time"),
    (PURE, "orders.pure.domain", "import asyncpg", "orders.pure.domain -> asyncpg"),
    (PURE, "members.pure.domain", "from common import db", "members.pure.domain -> common.db"),
    (PURE, "engagement.pure.domain", "import time", "engagement.pure.domain -> time"),
    (PURE, "lifecycle.pure.domain", "import random", "lifecycle.pure.domain -> random"),
    (PURE, "lifecycle.awake.domain", "import asyncio", "lifecycle.awake.domain -> asyncio"),
    (PURE, "common.contracts.event", "import fastapi", "common.contracts.event -> fastapi"),
    (PURE, "common.money", "import httpx2", "common.money -> httpx2"),
    (PURE, "common.errors", "import secrets", "common.errors -> secrets"),
    (
        BARE,
        "orders.bare.service",
        "from common.engines import postgres",
        "orders.bare.service -> common.engines.postgres",
    ),
    (
        BARE,
        "members.bare.service",
        "from common.testing import databases",
        "members.bare.service -> common.testing.databases",
    ),
    (BARE, "engagement.bare.service", "import common.engines", "engagement.bare.service -> common.engines"),
    (BARE, "lifecycle.bare.service", "import common.testing", "lifecycle.bare.service -> common.testing"),
    (BARE, "common.bus.tail", "import common.engines.postgres", "common.bus.tail -> common.engines.postgres"),
    (BARE, "common.http.front", "import common.testing", "common.http.front -> common.testing"),
    (BARE, "common.auth.keys", "import common.testing", "common.auth.keys -> common.testing"),
    (BARE, "common.cli", "import common.engines", "common.cli -> common.engines"),
]


def _write(root: Path, modules: dict[str, str]) -> Path:
    """A package tree with these modules and every module that a contract names."""
    named = {
        name
        for contract in CONTRACTS
        for key in ("source_modules", "forbidden_modules")
        for name in contract.get(key, ())
    }
    local = {name for name in named if name.split(".")[0] in {"common", "orders", "members", "engagement", "lifecycle"}}
    for name in sorted({*modules, *(name for name in local if "*" not in name), *_imported(modules)}):
        for depth in range(1, name.count(".") + 2):
            folder = root.joinpath(*name.split(".")[:depth])
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").touch()
        root.joinpath(*name.split("."), "__init__.py").write_text(modules.get(name, "") + "\n")
    (root / "pyproject.toml").write_text(SECTIONS)
    return root


def _imported(modules: dict[str, str]) -> Iterator[str]:
    """What the modules import of the project itself, so that the tree holds it."""
    for text in modules.values():
        for line in text.splitlines():
            if matched := re.fullmatch(r"from ([\w.]+) import ([\w, ]+)", line):
                yield from (
                    f"{matched[1]}.{name}" for name in matched[2].split(", ") if name.islower() and "." in matched[1]
                )
            names = line.removeprefix("import ").split(", ") if line.startswith("import ") else []
            yield from (
                name
                for name in names
                if name.split(".")[0] in {"common", "orders", "members", "lifecycle", "embedded", "demo"}
            )


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("lint-imports", path=Path(sys.executable).parent)
    assert program is not None
    return subprocess.run(
        [program, "--config", "pyproject.toml", "--no-cache", "--no-logo"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the tool says of all violations together."""
    broken = dict(KEPT)
    for _, module, line, _ in VIOLATIONS:
        broken[module] = "\n".join(filter(None, [broken.get(module, ""), line]))
    linted = _lint(_write(tmp_path_factory.mktemp("broken"), broken))
    assert linted.returncode == 1, linted.stdout + linted.stderr
    return linted.stdout


def test_a_tree_that_keeps_the_rules_passes(tmp_path: Path) -> None:
    linted = _lint(_write(tmp_path, KEPT))

    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in linted.stdout


def test_every_contract_is_broken_here() -> None:
    assert {contract for contract, *_ in VIOLATIONS} == {contract["name"] for contract in CONTRACTS}


@pytest.mark.parametrize(("contract", "chain"), [(contract, chain) for contract, _, _, chain in VIOLATIONS])
def test_a_violation_is_reported_under_its_contract(report: str, contract: str, chain: str) -> None:
    _, _, after = report.partition("Broken contracts")
    sections = re.split(r"^(.+)\n-{3,}$", after, flags=re.MULTILINE)
    said = dict(zip(sections[1::2], sections[2::2], strict=True))

    assert re.search(rf"{re.escape(chain)} \(l\.\d+\)", said[contract]), said[contract]
