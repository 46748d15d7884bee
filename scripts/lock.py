"""Write the lock: `requirements/all.txt` for the workspace, and the subset of it that each service and task installs.

python scripts/lock.py            resolve anew, keeping what still fits
python scripts/lock.py --upgrade  resolve anew, taking the newest
python scripts/lock.py --check    fail when a file is not what this script would write (needs no network)
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
LOCAL = {
    "huitou-common": "libs/common",
    "huitou-orders": "services/orders",
    "huitou-members": "services/members",
    "huitou-engagement": "services/engagement",
    "huitou-lifecycle": "services/lifecycle",
    "huitou-embedded": "embedded",
    "huitou-demo": "demo",
}
# Each subset: (our packages it installs, dependency groups as "pyproject:group").
SUBSETS: dict[str, tuple[list[str], list[str]]] = {
    "orders": (["huitou-orders"], []),
    "members": (["huitou-members"], []),
    "engagement": (["huitou-engagement"], []),
    "lifecycle": (["huitou-lifecycle"], []),
    "embedded": (["huitou-embedded"], []),
    "demo": (["huitou-demo"], ["demo/pyproject.toml:journey"]),
    "uv": ([], []),  # the installer itself, by pip
}
EVERYTHING = (["huitou-demo"], ["demo/pyproject.toml:journey", "pyproject.toml:dev"])
HEADER = "# Written by scripts/lock.py; `make lock` writes it anew.\n"


def _name(requirement: str) -> str:
    matched = re.match(r"[A-Za-z0-9._-]+", requirement)
    if matched is None:
        raise SystemExit(f"not a requirement: {requirement!r}")
    return re.sub(r"[-_.]+", "-", matched.group()).lower()


def _read(path: str) -> dict[str, list[str]]:
    """The lists of requirements in a pyproject: the key `project`, and one key a group."""
    document = tomllib.loads((ROOT / path).read_text())
    return {"project": document["project"].get("dependencies", []), **document.get("dependency-groups", {})}


def roots(subset: str) -> list[str]:
    """The requirements on others' packages that a subset starts from."""
    ours, groups = SUBSETS.get(subset, EVERYTHING)
    wanted: set[str] = {"uv==" + _uv_version()} if subset == "uv" else set()
    seen: set[str] = set()
    queue = list(ours)
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        for requirement in _read(f"{LOCAL[name]}/pyproject.toml")["project"]:
            if _name(requirement) in LOCAL:
                queue.append(_name(requirement))
            else:
                wanted.add(requirement)
    for group in groups:
        path, _, key = group.partition(":")
        wanted.update(_read(path)[key])
    return sorted(wanted)


def _uv_version() -> str:
    return next(r.partition("==")[2] for r in _read("pyproject.toml")["dev"] if r.startswith("uv=="))


def _compile(requirements: Iterable[str], output: Path, *options: str) -> str:
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--universal", "--generate-hashes", "--quiet"]
    command += ["--no-header", "--no-annotate", "--python-version", "3.11", "--output-file", str(output), *options]
    subprocess.run(command, input="\n".join(requirements), text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    text = HEADER + output.read_text()
    output.write_text(text)
    return text


def pins(text: str) -> dict[str, str]:
    """Package name -> its version and hashes. Not its marker: a subset may need on fewer platforms what the whole needs."""
    blocks = re.split(r"\n(?=[a-z0-9])", text.removeprefix(HEADER).strip())
    return {_name(block): re.sub(r" ; .*? \\$", r" \\", block.strip(), flags=re.MULTILINE) for block in blocks}


def check() -> list[str]:
    """What is wrong with the committed files, a line each."""
    wrong = []
    everything = pins((LOCKS / "all.txt").read_text())
    for subset in SUBSETS:
        held = pins((LOCKS / f"{subset}.txt").read_text())
        wrong += [
            f"{subset}.txt: {name} is not as in all.txt"
            for name, block in held.items()
            if everything.get(name) != block
        ]
        wrong += [f"{subset}.txt: {root} is asked for and missing" for root in roots(subset) if _name(root) not in held]
    wrong += [f"all.txt: {root} is asked for and missing" for root in roots("all") if _name(root) not in everything]
    for path in LOCKS.glob("*.txt"):
        if re.search(r"https?://|--(extra-)?index-url|--find-links", path.read_text()):
            wrong.append(f"{path.name}: names an address")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upgrade", action="store_true")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.check:
        wrong = check()
        print("\n".join(wrong) or "the lock is fresh")
        sys.exit(bool(wrong))
    LOCKS.mkdir(exist_ok=True)
    lock = LOCKS / "all.txt"
    _compile(roots("all"), lock, *(["--upgrade"] if arguments.upgrade else []))
    for subset in SUBSETS:
        _compile(roots(subset), LOCKS / f"{subset}.txt", "--constraint", str(lock))
    for line in check():
        print(line)


if __name__ == "__main__":
    main()
