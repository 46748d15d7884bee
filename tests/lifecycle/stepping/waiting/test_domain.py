from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.stepping.domain import Arrival
from lifecycle.stepping.waiting.domain import Turn, in_turn

START = datetime(2026, 3, 2, tzinfo=UTC)
Arrive = Callable[..., Arrival]
Said = tuple[str, int]
"""A producer, and when by its own clock, in minutes."""

saying = st.lists(st.tuples(st.sampled_from(["orders", "members"]), st.integers(0, 20)), max_size=12)


def queue_of(said: list[Said], arrive: Arrive) -> list[Turn[int]]:
    queue: list[Turn[int]] = []
    for number, (producer, minute) in enumerate(said):
        arrival = arrive("checkin.recorded", START + timedelta(minutes=minute))
        queue = in_turn(queue, producer=producer, arrival=arrival, source=number)
    return queue


@given(said=saying)
def test_everybody_has_a_turn_in_the_order_of_turns(said: list[Said], arrive: Arrive) -> None:
    queue = queue_of(said, arrive)
    assert sorted(turn.source for turn in queue) == list(range(len(said)))
    assert queue == sorted(queue, key=lambda turn: turn.turn_at)


@given(said=saying)
def test_a_producers_events_keep_its_order_though_its_clock_goes_back(said: list[Said], arrive: Arrive) -> None:
    queue = queue_of(said, arrive)
    for producer in ("orders", "members"):
        mine = [turn.source for turn in queue if turn.producer == producer]
        assert mine == sorted(mine)


def test_what_was_appended_before_goes_before(arrive: Arrive) -> None:
    queue = queue_of([("members", 12), ("members", 15), ("orders", 10), ("orders", 13)], arrive)
    assert [turn.source for turn in queue] == [2, 0, 3, 1]
