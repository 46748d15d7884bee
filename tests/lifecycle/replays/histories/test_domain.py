from datetime import timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.envelope import decode, encode
from factories.lifecycle import START, member, ordered
from lifecycle.calendars.domain import Calendar
from lifecycle.replays.domain import events_of
from lifecycle.replays.histories.domain import Filing, LineInvalid, filed, line_of
from lifecycle.stepping.clocks.domain import HEARTBEAT

CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"))


def simple(**fields: Any) -> dict[str, Any]:
    return {"time": "2026-03-02T12:00", "event": "checkin.recorded", "member": "anna", "streak": 1, **fields}


def test_a_simple_line_is_filled_in_and_its_time_is_the_business_s() -> None:
    line = line_of(7, simple(), CALENDAR)
    assert line.input.appended_at == START
    envelope, event = decode(line.input.envelope)
    assert envelope.time == START
    assert msgspec.to_builtins(event) == {
        "member_id": str(line.member_id),
        "business_day": "2026-03-02",
        "streak": 1,
    }
    assert line_of(8, simple(member=str(member(1))), CALENDAR).member_id == member(1)


def test_an_envelope_stays_what_it_is() -> None:
    event = ordered(member(1))
    envelope = encode(event, event_id=member(9), service="orders", type_name=event.type_name(), time=START)
    told = "2026-03-02T05:00:00Z"
    line = line_of(1, msgspec.json.decode(envelope) | {"appended_at": told}, CALENDAR)
    assert decode(line.input.envelope) == decode(envelope)
    assert line.input.appended_at == START + timedelta(hours=1)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"event": "checkin.recorded"}, "line 3: expected time, member"),
        (simple(event="checkin.imagined"), "line 3: no event 'checkin.imagined' that happens to a member"),
        (simple(time="soon"), "line 3: Invalid isoformat string: 'soon'"),
        (simple(mood="good"), "line 3: checkin.recorded has no field mood"),
        (simple(streak="many"), "line 3: Expected `int`, got `str`"),
        ({**simple(event="order.confirmed"), "streak": None}, "line 3: order.confirmed has no field streak"),
        ({"time": START.isoformat(), "event": "order.confirmed", "member": "anna"}, "line 3: expected amount_minor"),
        ({"time": START.isoformat(), "event": "member.merged", "member": "anna"}, "line 3: expected root_id"),
        ({"specversion": "1.0"}, "line 3: envelope: Object missing required field"),
    ],
)
def test_a_line_that_is_no_event_is_refused_with_its_number(line: dict[str, Any], told: str) -> None:
    with pytest.raises(LineInvalid) as refused:
        line_of(3, line, CALENDAR)
    assert str(refused.value).startswith(told)


def test_lines_come_in_the_order_of_time() -> None:
    filing = Filing(revision=0)
    assert list(filing.add(line_of(1, simple(), CALENDAR))) == []
    with pytest.raises(LineInvalid, match="line 2: earlier than the line before"):
        list(filing.add(line_of(2, simple(time="2026-03-02T11:00"), CALENDAR)))


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 5)), max_size=30).map(sorted))
def test_every_lane_gets_its_events_at_most_a_heartbeat_late(told: list[tuple[int, int]]) -> None:
    lines = [
        line_of(number, simple(time=(START + timedelta(minutes=minutes)).isoformat(), member=f"{who}"), CALENDAR)
        for number, (minutes, who) in enumerate(told, 1)
    ]
    entries = [each.entry for each in filed(iter(lines), revision=0)]
    taken = [(each, entry) for entry in entries for each in events_of(entry)]
    assert {each.arrival.event_id for each, _ in taken} == {decode(line.input.envelope)[0].id for line in lines}
    for each, entry in taken:
        assert timedelta() <= entry.gate_at - each.arrival.appended_at <= HEARTBEAT
    for lane in {entry.lane for entry in entries}:
        of_lane = [entry for entry in entries if entry.lane == lane]
        assert [entry.number for entry in of_lane] == list(range(1, len(of_lane) + 1))
        beats = [entry.gate_at for entry in of_lane if entry.kind == "time"]
        assert all(after - before == HEARTBEAT for before, after in pairwise(beats))
        assert all(entry.watermark is None or entry.watermark <= entry.gate_at for entry in of_lane)


def test_nothing_gives_nothing() -> None:
    assert list(filed(iter([]), revision=0)) == []
