"""The same laws as on real rows, in memory and on many more cases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.policies import SMALL_POLICY
from lifecycle.batches.domain import Asking, Step, Subject
from lifecycle.engine.domain import compiled
from lifecycle.publishing.versions.domain import alone
from lifecycle.stepping.domain import Arrival

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
VERSIONS = alone(compiled(SMALL_POLICY))
Arrive = Callable[..., Arrival]
NAMES = ("member.registered", "order.confirmed", "order.confirmed", "chat.message_counted", "checkin.recorded")


def subject(watermark: datetime | None) -> Subject[int]:
    return Subject(versions=VERSIONS, lane=0, gate=START, watermark=watermark)


def told(steps: list[Step[int]]) -> list[Any]:
    return [(each.request, each.at) if isinstance(each, Asking) else each for step in steps for each in step.told]


@settings(max_examples=100, deadline=None)
@given(
    said=st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 60 * 24)), max_size=15),
    ticks=st.lists(st.integers(0, 60 * 24), max_size=10),
)
def test_whatever_waited_is_told_as_if_it_had_not(
    said: list[tuple[str, int]], ticks: list[int], arrive: Arrive
) -> None:
    events = [arrive(name, START + hour * HOUR, number=n) for n, (name, hour) in enumerate(sorted(said, key=_hour))]
    straight, steps = subject(START + 90 * DAY), list[Step[int]]()
    for event in events:
        steps += straight.take(producer="any", arrival=event, source=0)
    steps += straight.wake()

    held, found = subject(None), list[Step[int]]()
    for event in events:
        due = [START + hour * HOUR for hour in ticks if START + hour * HOUR < event.appended_at]
        if due and (held.watermark is None or held.watermark < max(due)):
            held.watermark = max(due)
            found += held.wake()
        found += held.take(producer="any", arrival=event, source=0)
    held.watermark = START + 90 * DAY
    found += held.wake()
    assert not held.queue
    assert told(found) == told(steps)


def _hour(said: tuple[str, int]) -> int:
    return said[1]


def test_what_waits_is_new_once_and_released_once(arrive: Arrive) -> None:
    anna = subject(None)
    list(anna.take(producer="orders", arrival=arrive("order.confirmed", START), source=1))
    late = arrive("checkin.recorded", START + 2 * HOUR)  # past the thanks that is due after one hour
    [step] = anna.take(producer="engagement", arrival=late, source=2)
    assert step.folded is None
    assert [turn.source for turn in anna.arrived] == [2]

    [turn] = anna.queue
    again = Subject(
        versions=VERSIONS,
        lane=0,
        gate=START,
        watermark=START + HOUR,
        member=anna.member,
        queue=[numbered(turn, 7)],
        kept=(7,),
    )
    assert again.released == []
    assert [step.folded is not None for step in again.advance()] == [True]
    assert again.released == [7]
    assert again.arrived == []


def numbered(turn: Any, number: int) -> Any:
    return type(turn)(turn.turn_at, turn.producer, turn.arrival, turn.source, number)


def test_an_event_that_fails_at_once_is_to_blame_and_one_that_waited_is_set_aside(arrive: Arrive) -> None:
    broken = arrive("chat.message_counted", START)
    broken = msgspec.structs.replace(broken, event=msgspec.structs.replace(broken.event, messages=None))
    anna = subject(START)
    with pytest.raises(TypeError):
        list(anna.take(producer="engagement", arrival=broken, source=1))

    kept = Subject(
        versions=VERSIONS, lane=0, gate=START, watermark=START, queue=[numbered(anna.queue[0], 3)], kept=(3,)
    )
    assert list(kept.advance()) == []
    assert [turn.number for turn, _ in kept.failed] == [3]
    assert kept.released == [3]


def test_an_outcome_is_heard(arrive: Arrive) -> None:
    anna = subject(START)
    list(anna.take(producer="members", arrival=arrive("member.registered", START), source=1))
    assert not anna.heard
    list(anna.take(producer="members", arrival=arrive("reward.granted", START), source=2))
    assert anna.heard
