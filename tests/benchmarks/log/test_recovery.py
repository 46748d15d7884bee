import pytest

from benchmarks.log.ledger import Effects
from benchmarks.log.recovery import CASES, Case, Silence, rows, silence_of
from common.bus.lanes import LANES


def test_silence_ends_with_the_first_effect_and_with_one_of_every_lane() -> None:
    handled_at = {number: 10.0 + number / 100 for number in range(2 * LANES)}

    found = silence_of(Effects(handled_at, {1}), began=9.5)

    assert found is not None
    assert (found.until_first, found.until_every_lane) == pytest.approx((0.5, 0.61))


def test_it_has_not_ended_while_a_lane_is_missing() -> None:
    handled_at = {number: 10.0 for number in range(2 * LANES) if number % LANES != 3}

    assert silence_of(Effects(handled_at, {1}), began=9.5) is None


def test_every_case_is_a_row_of_one_table() -> None:
    table = rows({case: [Silence(1.0, 2.0)] for case in CASES})

    assert len({tuple(row.labels.values()) for row in table}) == len(CASES)
    assert Case("kafka", "broker", brokers=3).killed == "a broker of 3, the leader"
