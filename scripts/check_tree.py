"""Check what no other tool checks: sizes, names, where things may stand, and what SQL may say.

python scripts/check_tree.py [--report]
"""

import argparse
import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("orders", "members", "engagement", "lifecycle")

P95_LINES, MOST_LINES = 220, 500
BANNED_NAMES = {"utils", "util", "helpers", "helper", "misc", "core", "common_utils", "stuff"}
CONCEPT_FILES = {"__init__.py", "domain.py", "schemas.py", "repository.py", "service.py", "endpoints.py", "handlers.py"}
SERVICE_FILES = {
    "__init__.py",
    "__main__.py",
    "app.py",
    "settings.py",
    "models.py",
    "errors.py",
    "metrics.py",
    "consumers.py",
    "jobs.py",
    "resources.py",
}
ADAPTERS = "adapters"
"""A service's folder for what talks to the world beside the database: providers, channels, keys."""
COMMANDS = "commands"
"""A service's folder for what its command line offers beside the commands that every service has."""

# Who may read the database's clock: the log's time, its generation and its retention (design §8); and who compares clocks.
CLOCK_READERS = {
    "libs/common/src/common/bus/outbox.py",
    "libs/common/src/common/bus/tail.py",
    "libs/common/src/common/bus/retention.py",
    "libs/common/src/common/bus/instruments.py",
}
# Who may begin a transaction on a connection: the unit of work, and what prepares the log. The last commits Kafka's offsets.
COMMITTERS = {
    "libs/common/src/common/db.py",
    "libs/common/src/common/bus/outbox.py",
    "libs/common/src/common/migrating.py",
    "libs/common/src/common/bus/kafka/membership.py",
}
_SQL_CLOCK = re.compile(
    r"\b(now\s*\(|timeofday\s*\(|current_(timestamp|date|time)\b|local(time|timestamp)\b|(clock|statement|transaction)_timestamp\s*\()",
    re.IGNORECASE,
)
_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|VALUES|RETURNING)\b")
_CONNECTION = re.compile(r"conn|pool", re.IGNORECASE)
_MACHINE = re.compile(r"/work/(main|shared)|/root/\.|pypi\.org|pythonhosted|registry\.npmjs|repo\.maven|repo1\.maven")
_PURE = re.compile(r"(/domain\.py$|/contracts/[a-z_]+\.py$)")


def tracked() -> list[str]:
    """Files that git knows, or would: not ignored, not deleted."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - whichever git the person has
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted({path for path in listed.stdout.splitlines() if (ROOT / path).is_file()})


def wrong_sizes(sizes: dict[str, int]) -> Iterator[str]:
    for path, lines in sizes.items():
        if lines > MOST_LINES:
            yield f"{path}: {lines} lines, at most {MOST_LINES}: it holds two concepts"
    ordered = sorted(sizes.values())
    if ordered and (p95 := ordered[int(len(ordered) * 0.95)]) > P95_LINES:
        large = sorted((path for path in sizes if sizes[path] > P95_LINES), key=lambda path: -sizes[path])
        yield f"95 of 100 files are to have at most {P95_LINES} lines, the 95th has {p95}; the largest: {', '.join(large[:8])}"


def wrong_names(path: str) -> Iterator[str]:
    if banned := BANNED_NAMES & {Path(part).stem for part in Path(path).parts}:
        yield f"{path}: nobody decided whose code is in {', '.join(banned)}"
    match _inside_service(path):
        case _, file if file not in SERVICE_FILES:
            own = ", ".join(sorted(SERVICE_FILES))
            yield f"{path}: a service's own files are {own}; the rest is in concepts, {ADAPTERS}/ or {COMMANDS}/"
        case _, concept, *_, file if concept not in {ADAPTERS, COMMANDS} and file not in CONCEPT_FILES:
            yield f"{path}: a concept's files are {', '.join(sorted(CONCEPT_FILES - {'__init__.py'}))}"
        case _, _, _, _, _, *_:
            yield f"{path}: a part of a concept has no parts"


def _inside_service(path: str) -> tuple[str, ...]:
    """`services/orders/src/orders/placement/domain.py` → `("orders", "placement", "domain.py")`; () elsewhere."""
    matched = re.fullmatch(r"services/(\w+)/src/\w+/(.+\.py)", path)
    return (matched.group(1), *matched.group(2).split("/")) if matched else ()


def wrong_python(path: str, text: str) -> Iterator[str]:
    tree = ast.parse(text)
    if path.endswith("__init__.py"):
        extra = [
            node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.Expr)
        ]
        if extra:
            yield f"{path}:{extra[0].lineno}: an __init__.py is empty or only re-exports"
    if _PURE.search(path):
        for node in ast.walk(tree):
            if isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncWith | ast.AsyncFor):
                yield f"{path}:{node.lineno}: what is pure does not await"
    yield from _wrong_calls(path, tree)
    yield from _wrong_imports(path, tree)


def _wrong_calls(path: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr):
            continue
        if path not in CLOCK_READERS and _SQL.search(text := _text(node)) and _SQL_CLOCK.search(text):
            yield f"{path}:{node.lineno}: SQL reads no clock: business time comes from common.clock"
        if path not in COMMITTERS and _commits(node):
            yield f"{path}:{node.lineno}: only common.db commits"


def _commits(node: ast.expr) -> bool:
    """Whether it begins or ends a transaction on a connection."""
    match node:
        case ast.Call(func=ast.Attribute(attr="commit")):
            return True
        case ast.Call(func=ast.Attribute(attr="transaction", value=owner)):
            return bool(_CONNECTION.search(ast.unparse(owner)))
    return False


def _text(node: ast.expr) -> str:
    """What is written in a string or an f-string; of the latter, without what is put in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
    return ""


def _wrong_imports(path: str, tree: ast.AST) -> Iterator[str]:
    """A concept's repository is its own."""
    service, *inside = _inside_service(path) or ("",)
    here = ".".join(inside[:-1])
    if not service:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            names = " ".join(_imported(node))
            for owner in {*re.findall(rf"(?<!\S){service}\.([\w.]+)\.repository\b", names)} - {here}:
                yield f"{path}:{node.lineno}: {owner}'s repository is its own; call its service"


def _imported(node: ast.stmt) -> list[str]:
    """The dotted names that a statement imports."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names):
            return [f"{module}.{alias.name}" for alias in names]
    return []


def find_wrong(paths: list[str]) -> Iterator[str]:
    sizes = {}
    for path in paths:
        yield from wrong_names(path)
        if not path.endswith(
            (".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".json", ".ini", ".xml", "Makefile", "run")
        ):
            continue
        text = (ROOT / path).read_text()
        if path != "scripts/check_tree.py" and (found := _MACHINE.search(text)):
            yield f"{path}: names a machine or an index ({found.group()})"
        if path.endswith(".py"):
            if "/versions/" not in path:
                sizes[path] = text.count("\n")
            if not path.startswith(("tests/", "benchmarks/")):
                yield from wrong_python(path, text)
    yield from wrong_sizes(sizes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", action="store_true", help="print the sizes")
    arguments = parser.parse_args()
    paths = tracked()
    if arguments.report:
        sizes = sorted((ROOT / path).read_text().count("\n") for path in paths if path.endswith(".py"))
        print(
            f"{len(sizes)} files, {sum(sizes)} lines, median {statistics.median(sizes):.0f}, p95 {sizes[int(len(sizes) * 0.95)]}"
        )
    wrong = list(find_wrong(paths))
    for line in wrong:
        print(line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
