"""Each rule of the tree: a file that keeps it, and a file that breaks it."""

from pathlib import Path

import pytest

import check_tree
from check_tree import MOST_LINES, P95_LINES, find_wrong, wrong_names, wrong_python, wrong_sizes

SERVICE = "services/orders/src/orders/placement/service.py"
REPOSITORY = "services/orders/src/orders/placement/repository.py"
DOMAIN = "services/orders/src/orders/placement/domain.py"
CONTRACT = "libs/common/src/common/contracts/orders.py"
INIT = "services/orders/src/orders/placement/__init__.py"


def test_no_file_is_over_the_most() -> None:
    small = {f"{n}.py": 10 for n in range(30)}

    assert list(wrong_sizes(small | {"a.py": MOST_LINES})) == []
    [line] = wrong_sizes(small | {"a.py": MOST_LINES + 1})
    assert line.startswith(f"a.py: {MOST_LINES + 1} lines")


def test_five_of_a_hundred_files_may_be_large() -> None:
    small = {f"{n}.py": P95_LINES for n in range(95)}
    large = {f"large{n}.py": P95_LINES + n for n in range(1, 7)}

    assert list(wrong_sizes(small | dict(list(large.items())[:4]))) == []
    [line] = wrong_sizes(small | large)
    assert "large6.py, large5.py" in line


def test_a_tree_without_files_has_no_wrong_sizes() -> None:
    assert list(wrong_sizes({})) == []


@pytest.mark.parametrize(
    "path",
    [
        "libs/common/src/common/utils.py",
        "libs/common/src/common/helpers/text.py",
        "scripts/misc.py",
        "tests/common/helper.py",
        "services/orders/src/orders/core/service.py",
    ],
)
def test_no_name_says_that_nobody_decided(path: str) -> None:
    assert any("nobody decided" in line for line in wrong_names(path))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("services/orders/src/orders/pricing.py", "a service's own files are"),
        ("services/orders/src/orders/default_policy.py", "a service's own files are"),
        ("services/orders/src/orders/placement/pricing.py", "a concept's files are"),
        ("services/orders/src/orders/placement/prices/pricing.py", "a concept's files are"),
        ("services/orders/src/orders/placement/prices/deep/service.py", "a part of a concept has no parts"),
    ],
)
def test_a_service_has_the_shape_of_the_others(path: str, said: str) -> None:
    [line] = wrong_names(path)
    assert said in line


@pytest.mark.parametrize(
    "path",
    [
        "services/orders/src/orders/app.py",
        "services/orders/src/orders/__main__.py",
        *(f"services/orders/src/orders/placement/{file}.py" for file in ("domain", "schemas", "repository", "service")),
        *(f"services/orders/src/orders/placement/{file}.py" for file in ("endpoints", "handlers", "__init__")),
        "services/orders/src/orders/placement/prices/domain.py",
        "services/members/src/members/adapters/providers.py",
        "services/orders/migrations/versions/0001_log.py",
        "libs/common/src/common/bus/outbox.py",
        "tests/orders/placement/test_service.py",
        "README.md",
    ],
)
def test_names_in_their_places_are_right(path: str) -> None:
    assert list(wrong_names(path)) == []


@pytest.mark.parametrize("text", ["", '"""Orders."""\n', "from orders.app import SERVICE\n\n__all__ = ['SERVICE']\n"])
def test_an_init_that_is_empty_or_re_exports_is_right(text: str) -> None:
    assert list(wrong_python(INIT, text)) == []


@pytest.mark.parametrize("text", ["def f() -> None: ...\n", "class A: ...\n", "for x in []:\n    print(x)\n"])
def test_an_init_holds_no_code(text: str) -> None:
    [line] = wrong_python(INIT, text)
    assert line == f"{INIT}:1: an __init__.py is empty or only re-exports"


AWAITING = "async def f() -> None:\n    await g()\n"


@pytest.mark.parametrize("path", [DOMAIN, CONTRACT])
def test_what_is_pure_does_not_await(path: str) -> None:
    assert {f"{path}:1: what is pure does not await", f"{path}:2: what is pure does not await"} == set(
        wrong_python(path, AWAITING)
    )
    assert list(wrong_python(path, "def f() -> None:\n    g()\n")) == []


def test_what_is_not_pure_may_await() -> None:
    assert list(wrong_python(SERVICE, AWAITING)) == []


CLOCKS = ["now()", "NOW()", "now ()", "current_timestamp", "CURRENT_DATE", "current_time", "statement_timestamp()"]
CLOCKS += ["localtime", "LOCALTIME(0)", "localtimestamp", "LOCALTIMESTAMP(3)", "timeofday()"]


@pytest.mark.parametrize("clock", [*CLOCKS, "clock_timestamp()", "transaction_timestamp()"])
@pytest.mark.parametrize(
    "statement", ["SELECT {}", "UPDATE t SET at = {} WHERE id = $1", "DELETE FROM t WHERE at < {}"]
)
def test_sql_reads_no_clock(clock: str, statement: str) -> None:
    text = f'await uow.execute("{statement.format(clock)}")\n'
    [line] = wrong_python(REPOSITORY, f"async def f() -> None:\n    {text}")
    assert line == f"{REPOSITORY}:2: SQL reads no clock: business time comes from common.clock"


@pytest.mark.parametrize(
    "text", ["f'{_SELECT} WHERE at < now()'", "f'SELECT {columns}' f' FROM t WHERE at < {x} + now()'"]
)
def test_sql_that_is_put_together_reads_no_clock_either(text: str) -> None:
    lines = set(wrong_python(REPOSITORY, f"x = {text}\n"))
    assert lines == {f"{REPOSITORY}:1: SQL reads no clock: business time comes from common.clock"}


@pytest.mark.parametrize(
    "text", ['"""Time is the clock\'s now()."""', "x = clock.now()", 'y = "SELECT knowing, now FROM t"']
)
def test_words_and_calls_named_now_are_no_sql(text: str) -> None:
    assert list(wrong_python(REPOSITORY, text)) == []


def test_the_log_may_read_the_databases_clock() -> None:
    for path in check_tree.CLOCK_READERS:
        assert list(wrong_python(path, 'x = "SELECT clock_timestamp()"')) == []


@pytest.mark.parametrize(
    "call",
    [
        *("connection.commit()", "session.commit()", "connection.transaction()", "self.pool.transaction()"),
        *("self._connection.transaction()", "uow.connection.transaction()", "self._pool.transaction()"),
        *("reader_connection.transaction()", "(await db.connect()).transaction()", "connections[0].transaction()"),
    ],
)
def test_only_common_db_commits(call: str) -> None:
    [line] = wrong_python(SERVICE, f"x = {call}\n")
    assert line == f"{SERVICE}:1: only common.db commits"
    for path in check_tree.COMMITTERS:
        assert list(wrong_python(path, f"x = {call}\n")) == []


def test_a_unit_of_work_is_everybodys() -> None:
    assert (
        list(
            wrong_python(
                SERVICE, "async def f(db: Database) -> None:\n    async with db.transaction():\n        pass\n"
            )
        )
        == []
    )


@pytest.mark.parametrize(
    "text",
    [
        "from orders.stock import repository",
        "from orders.stock.repository import reserve",
        "import orders.stock.repository",
        "import orders.stock.repository as stock",
        "import orders.stock.service, orders.stock.repository",
    ],
)
def test_a_repository_is_its_concepts_own(text: str) -> None:
    [line] = wrong_python(SERVICE, text)
    assert line == f"{SERVICE}:1: stock's repository is its own; call its service"


def test_a_repository_of_a_part_is_the_parts_own() -> None:
    text = "from orders.placement.prices.repository import load\n"
    [line] = wrong_python(SERVICE, text)

    assert line == f"{SERVICE}:1: placement.prices's repository is its own; call its service"
    assert list(wrong_python(SERVICE.replace("/service", "/prices/service"), text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "from orders.placement import repository",
        "from orders.placement.repository import insert_order",
        "import orders.placement.repository",
        "import orders.stock.service",
        "from orders.stock import service",
        "from orders.stock.domain import Reservation",
    ],
)
def test_ones_own_repository_and_others_services_are_free(text: str) -> None:
    assert list(wrong_python(SERVICE, text)) == []


def _find(monkeypatch: pytest.MonkeyPatch, root: Path, files: dict[str, str]) -> list[str]:
    monkeypatch.setattr(check_tree, "ROOT", root)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return list(find_wrong(list(files)))


MACHINES = [
    said.replace("|", "")
    for said in ("https://pypi|.org/simple", "/work|/main", "/root|/.cache", "files.python|hosted.org")
]
"""Not written out: the rule holds for this file too."""


@pytest.mark.parametrize(
    "path", ["README.md", "Makefile", "requirements/all.txt", "libs/common/pyproject.toml", ".ci/run"]
)
@pytest.mark.parametrize("said", MACHINES)
def test_no_file_names_a_machine_or_an_index(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str, said: str
) -> None:
    [line] = _find(monkeypatch, tmp_path, {path: f"see {said}\n"})
    assert line.startswith(f"{path}: names a machine or an index")


def test_every_rule_is_asked_of_every_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = {
        "README.md": "fine\n",
        SERVICE: "x = 1\n",
        DOMAIN: AWAITING,
        "scripts/utils.py": "x = 1\n",
        "libs/common/src/common/long.py": "\n" * (MOST_LINES + 1),
        "tests/test_free.py": "x = 'SELECT now()'\n",
        "services/orders/migrations/versions/0001_large.py": "\n" * (MOST_LINES + 1),
        "logo.png": "pypi",
    }
    wrong = _find(monkeypatch, tmp_path, files)

    assert {line.split(":")[0] for line in wrong if not line.startswith("95 of")} == {
        DOMAIN,
        "scripts/utils.py",
        "libs/common/src/common/long.py",
    }
