from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.state import OtherDemo, State

START = datetime(2017, 1, 1, 5, tzinfo=UTC)


def begin(folder: Path, *, households: int = 3, seed: int = 1) -> State:
    return State.begin(folder, households=households, seed=seed, step_hours=6, start=START)


def test_what_was_kept_is_gone_on_with(tmp_path: Path) -> None:
    assert begin(tmp_path) == State(3, 1, 6, 0, START)
    reached = replace(begin(tmp_path), next_step=7, clock=START.replace(day=2))
    reached.keep(tmp_path)

    assert begin(tmp_path) == reached


@pytest.mark.parametrize("other", [{"households": 4}, {"seed": 2}])
def test_a_folder_is_of_one_demo(tmp_path: Path, other: dict[str, int]) -> None:
    begin(tmp_path).keep(tmp_path)

    with pytest.raises(OtherDemo, match=r"3 households .* DATA="):
        begin(tmp_path, **other)
