from datetime import UTC, datetime
from uuid import UUID

from common.contracts.lifecycle import HealthChanged, SegmentEntered, SegmentLeft, StageChanged
from lifecycle.standing.transitions.domain import Transition, announced

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_each_dimension_has_its_event() -> None:
    stage = Transition(dimension="stage", previous=None, current="acquire", episode=1, at=NOON, cause="event")
    health = Transition(dimension="health", previous="active", current="lost", episode=2, at=NOON, cause="time")
    nobody = UUID(int=1)
    assert announced(nobody, stage) == StageChanged(
        member_id=nobody, previous=None, current="acquire", episode=1, at=NOON, cause="event"
    )
    assert announced(nobody, health) == HealthChanged(
        member_id=nobody, previous="active", current="lost", episode=2, at=NOON, cause="time"
    )


def test_a_segment_is_told_when_it_is_entered_and_when_it_is_left() -> None:
    nobody = UUID(int=1)
    entered = Transition(dimension="loyal", previous=None, current="loyal", episode=2, at=NOON, cause="event")
    left = Transition(dimension="loyal", previous="loyal", current=None, episode=2, at=NOON, cause="time")
    assert announced(nobody, entered) == SegmentEntered(
        member_id=nobody, segment="loyal", episode=2, at=NOON, cause="event"
    )
    assert announced(nobody, left) == SegmentLeft(member_id=nobody, segment="loyal", episode=2, at=NOON, cause="time")
