"""The lock's check: every subset is of one piece with the whole, and nothing names an address."""

from pathlib import Path

import pytest

import lock
from lock import HEADER, check, pins, roots

HASH = "--hash=sha256:" + "a" * 64
OTHER = "--hash=sha256:" + "b" * 64


def pinned(name: str, version: str = "1.0", digest: str = HASH) -> str:
    return f"{name}=={version} \\\n    {digest}\n"


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Two packages of ours, one on the other, with one subset and the whole; fresh."""
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    monkeypatch.setattr(lock, "LOCKS", tmp_path / "requirements")
    monkeypatch.setattr(lock, "LOCAL", {"huitou-common": "common", "huitou-orders": "orders"})
    monkeypatch.setattr(lock, "SUBSETS", {"orders": (["huitou-orders"], []), "uv": ([], [])})
    monkeypatch.setattr(lock, "EVERYTHING", (["huitou-orders"], ["pyproject.toml:dev"]))
    files = {
        "common/pyproject.toml": '[project]\ndependencies = ["Pydantic.Core>=1"]\n',
        "orders/pyproject.toml": '[project]\ndependencies = ["huitou_common", "redis[hiredis]>=5 ; python_version > \'3\'"]\n',
        "pyproject.toml": '[project]\n[dependency-groups]\ndev = ["uv==0.1", "pytest>=9"]\n',
        "requirements/orders.txt": HEADER + pinned("pydantic-core") + pinned("redis"),
        "requirements/uv.txt": HEADER + pinned("uv", "0.1"),
        "requirements/all.txt": HEADER
        + "".join(map(pinned, ["pydantic-core", "pytest", "redis"]))
        + pinned("uv", "0.1"),
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_a_fresh_lock_passes(workspace: Path) -> None:
    assert check() == []


def test_a_subset_starts_from_what_its_packages_ask_for_and_theirs(workspace: Path) -> None:
    assert roots("orders") == ["Pydantic.Core>=1", "redis[hiredis]>=5 ; python_version > '3'"]
    assert roots("uv") == ["uv==0.1"]
    assert "pytest>=9" in roots("all")


@pytest.mark.parametrize("held", [pinned("redis", "1.1"), pinned("redis", digest=OTHER)])
def test_another_version_or_hash_in_a_subset_is_found(workspace: Path, held: str) -> None:
    (workspace / "requirements" / "orders.txt").write_text(HEADER + pinned("pydantic-core") + held)

    assert check() == ["orders.txt: redis is not as in all.txt"]


def test_a_subset_may_need_a_package_on_fewer_platforms(workspace: Path) -> None:
    marked = pinned("redis").replace("==1.0", "==1.0 ; sys_platform == 'linux'")
    (workspace / "requirements" / "orders.txt").write_text(HEADER + pinned("pydantic-core") + marked)

    assert check() == []


def test_a_package_that_only_a_subset_has_is_found(workspace: Path) -> None:
    file = workspace / "requirements" / "orders.txt"
    file.write_text(file.read_text() + pinned("six"))

    assert check() == ["orders.txt: six is not as in all.txt"]


def test_a_requirement_that_nobody_locked_is_found_in_subset_and_whole(workspace: Path) -> None:
    (workspace / "common" / "pyproject.toml").write_text('[project]\ndependencies = ["pydantic-core", "httpx2>=2"]\n')

    assert check() == ["orders.txt: httpx2>=2 is asked for and missing", "all.txt: httpx2>=2 is asked for and missing"]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://index.example/simple",
        "--extra-index-url http://x",
        "--find-links ./wheels",
        "# https://x.y",
    ],
)
def test_an_address_is_found(workspace: Path, line: str) -> None:
    file = workspace / "requirements" / "all.txt"
    file.write_text(f"{file.read_text()}{line}\n")

    assert "all.txt: names an address" in check()


def test_names_are_compared_as_packaging_does() -> None:
    text = (
        HEADER
        + "foo.bar==1 \\\n    --hash=sha256:aa\nzope_interface==2 ; sys_platform == 'win32' \\\n    --hash=sha256:bb\n"
    )

    assert set(pins(text)) == {"foo-bar", "zope-interface"}


def test_what_is_no_requirement_is_refused(workspace: Path) -> None:
    (workspace / "orders" / "pyproject.toml").write_text('[project]\ndependencies = ["   "]\n')

    with pytest.raises(SystemExit, match="not a requirement"):
        check()
