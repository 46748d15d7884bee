"""The page of measurements is what its results say."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measuring import Load, Machine, Result, Row, at_least, at_most, spread
from benchmarks.report import render

ROOT = Path(__file__).parent.parent.parent


def a_result(**changes: object) -> Result:
    values: dict[str, object] = {
        "name": "log.recovery",
        "what": "SIGKILL",
        "command": "python -m benchmarks.log.recovery",
        "commit": "abc",
        "measured_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        "machine": Machine(cpu="A", cores=2, system="Linux", python="3.11", packages={"aiokafka": "0.14"}),
        "load": Load(seconds=61.0, busy_by_core=[0.5, 0.25], ours=0.7, others=0.05),
        "goals": [],
        "rows": [],
        "notes": [],
    }
    return Result(**(values | changes))  # type: ignore[arg-type]


def test_the_page_follows_from_the_results() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.report", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_both_buses_stand_in_one_table() -> None:
    rows = [
        Row(labels={"bus": bus, "what": "append"}, figures={"events/s": spread(values)})
        for bus, values in (("postgres", [3000.0, 1000.0, 2000.0]), ("kafka", [1500.0]))
    ]

    page = render([a_result(rows=rows)])

    assert (
        "| bus | what | events/s |\n"
        "|---|---|---|\n"
        "| postgres | append | 2,000 (1,000–3,000) |\n"
        "| kafka | append | 1,500 |\n"
    ) in page


def test_what_has_other_columns_has_a_table_of_its_own() -> None:
    rows = [
        Row(labels={"process": "orders api"}, figures={"s to start": spread([1.234])}),
        Row(labels={"engines": "Kafka"}, figures={"PSS MB": spread([250.0])}),
    ]

    page = render([a_result(rows=rows)])

    assert "| process | s to start |\n|---|---|\n| orders api | 1.23 |\n\n| engines | PSS MB |\n" in page


def test_each_goal_says_whether_it_is_met() -> None:
    goals = [
        at_least("the relay", 25_000, [24_000.0, 31_000.0, 30_000.0], unit=" events/s"),
        at_most("kafka: p99", 100, [140.0], unit=" ms"),
    ]

    page = render([a_result(goals=goals)])

    assert "| the relay | ≥ 25,000 events/s | 30,000 (24,000–31,000) | yes |" in page
    assert "| kafka: p99 | ≤ 100 ms | 140 | **no** |" in page


def test_what_has_no_goals_has_no_table_of_them() -> None:
    assert "| goal |" not in render([a_result()])


def test_the_load_of_every_core_is_shown() -> None:
    assert "Cores busy 50%, 25%: 0.70 cores by the benchmark, 0.05 by other programs." in render([a_result()])
