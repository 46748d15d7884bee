from benchmarks.log.ledger import MEMBERS, earned, lane
from common.bus.lanes import LANES, lane_of


def test_events_go_round_the_lanes() -> None:
    for number in range(MEMBERS + LANES):
        assert lane_of(earned(number).subject) == lane(number) == number % LANES


def test_every_member_has_a_key_of_its_own() -> None:
    assert len({earned(number).subject for number in range(MEMBERS)}) == MEMBERS
