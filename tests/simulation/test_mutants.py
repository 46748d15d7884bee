"""Negative controls: each world that goes wrong in a known way breaks a law within so many seeds, and is shown small."""

from typing import get_args

import pytest

from simulation.broken import LawBroken
from simulation.mutants import Mutant, Mutants
from simulation.scripts import script_of
from simulation.shrinking import Failure, failure_of, shrunk
from simulation.tracing import trace

SEEDS = 300
BREAKS: dict[Mutant, set[str]] = {
    "no watermark": {"law 4", "law 5"},
    "wall clock as logical time": {"law 4"},
    "a decision reads another member's state": {"law 6"},
    "cap counted at decision": {"law 11"},
    "undo sent past the issuer": {"law 13"},
    "one salt for two experiments": {"law 15"},
    "a timer that moved is a no-op": {"law 3"},
    "a time-out asks under a new id": {"law 9"},
    "hysteresis in standing": {"law 1", "law 4"},
    "a row that was read is read again": {"law 9"},
    "consent asked at decision alone": {"law 12"},
    "a version takes over in place": {"law 4", "law 8"},
    "a sweep moves nobody": {"law 1", "law 3", "law 4"},
}
"""By the mutant, the laws of which one is to catch it."""


def caught(mutant: Mutant) -> Failure:
    for seed in range(SEEDS):
        failure = failure_of(script_of(seed), Mutants(mutant))
        if failure is not None and failure.name in BREAKS[mutant]:
            return failure
    raise AssertionError(f"{mutant}: in {SEEDS} worlds none of {BREAKS[mutant]} is broken")


def test_every_mutant_is_tried() -> None:
    assert BREAKS.keys() == set(get_args(Mutant))


@pytest.mark.slow
@pytest.mark.parametrize("mutant", BREAKS)
def test_a_law_catches_it(mutant: Mutant) -> None:
    assert isinstance(caught(mutant).error, LawBroken)


def test_what_breaks_a_law_is_made_small_and_told() -> None:
    failure = caught("undo sent past the issuer")
    small = shrunk(failure)
    assert small.name == failure.name
    assert len(small.script.acts) < len(failure.script.acts) / 2
    again = failure_of(small.script, Mutants("undo sent past the issuer"))
    assert again is not None
    assert str(again.error) == str(small.error)
    told = trace(small)
    assert f"make simulate SEED={small.script.seed}" in told
    assert "lifecycle tell action.withdrawn" in told
    assert str(small.error) in told
