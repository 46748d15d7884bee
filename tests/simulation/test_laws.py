"""The page of the laws names every law, every kind of bad input, every complaint and every mutant, and no test that is not there."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import get_args

from simulation.laws import LAWS
from simulation.mutants import Mutant

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "lifecycle-laws.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@cache
def functions_of(path: str) -> frozenset[str]:
    file = ROOT / path
    nodes = ast.parse(file.read_text()).body if file.exists() else []
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_what_the_page_names_is_there() -> None:
    assert len(NAMED) > 100
    assert [f"{path}::{name}" for path, name in NAMED if name not in functions_of(path)] == []


def test_each_law_is_held_by_something() -> None:
    laws = dict(re.findall(r"^### (\d+)\. (.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))
    assert sorted(map(int, laws)) == list(range(1, 19))
    assert [number for number, text in laws.items() if "\n- `tests/" not in text] == []


def test_each_kind_of_bad_input_is_held_by_something() -> None:
    (section,) = re.findall(r"^## Bad input.*?(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    kinds = dict(re.findall(r"^### (.*?)$(.*?)(?=^##|\Z)", section, re.MULTILINE | re.DOTALL))
    assert len(kinds) >= 12
    assert [kind for kind, text in kinds.items() if "\n- `tests/" not in text] == []


def test_each_complaint_is_answered() -> None:
    complaints = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _ in complaints] == list(range(1, 16))
    assert [number for number, answer in complaints if "`tests/" not in answer and "law" not in answer] == []


def test_each_law_of_the_simulator_and_each_mutant_is_named() -> None:
    names = {name for _, name in NAMED}
    assert [law.__name__ for law in LAWS if law.__name__ not in names] == []
    assert [mutant for mutant in get_args(Mutant) if f'"{mutant}"' not in PAGE] == []
