"""A transition: a member entered another value of a dimension, or left a segment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from common.contracts.event import Event
from common.contracts.lifecycle import Cause, HealthChanged, SegmentEntered, SegmentLeft, StageChanged
from lifecycle.engine.readings.domain import Reading


class Transition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    dimension: str
    previous: str | None
    """None for a member seen for the first time, or who was not in the segment."""
    current: str | None
    """None: they left the segment."""
    episode: int
    """The entries into this value so far, this one included; of a segment that was left, into that."""
    at: datetime
    cause: Cause
    version: int = 1
    """Of the policy that says so."""
    values: dict[str, Reading] = {}
    """The leaves of the conditions that were asked, by name."""
    depth: int = 0
    """Of causation: that of the event, or of what entered the value that time alone ended."""


KEPT = ("dimension", "previous", "current", "episode", "at", "cause", "version")
"""What a row has of a transition, beside its values."""


def read(row: Mapping[str, Any]) -> Transition:
    return Transition(**{name: row[name] for name in KEPT}, values=row["grounds"])


def as_kept(transition: Transition) -> Transition:
    """As it is read again."""
    return Transition(**{name: getattr(transition, name) for name in KEPT}, values=transition.values)


_EVENTS: dict[str, type[StageChanged | HealthChanged]] = {"stage": StageChanged, "health": HealthChanged}


def announced(member_id: UUID, transition: Transition) -> Event:
    """The event that tells others."""
    kind, current = _EVENTS.get(transition.dimension), transition.current
    if kind is not None and current is not None:
        return kind(
            member_id=member_id,
            previous=transition.previous,
            current=current,
            episode=transition.episode,
            at=transition.at,
            cause=transition.cause,
        )
    return (SegmentLeft if current is None else SegmentEntered)(
        member_id=member_id,
        segment=transition.dimension,
        episode=transition.episode,
        at=transition.at,
        cause=transition.cause,
    )
