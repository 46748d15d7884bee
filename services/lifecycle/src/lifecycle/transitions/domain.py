"""A transition: a member entered another value of a dimension."""

from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.event import Event
from common.contracts.lifecycle import Cause, HealthChanged, StageChanged


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    dimension: str
    previous: str | None
    """None for a member seen for the first time."""
    current: str
    episode: int
    """The entries into this value so far, this one included."""
    at: datetime
    cause: Cause


_EVENTS: dict[str, type[StageChanged | HealthChanged]] = {"stage": StageChanged, "health": HealthChanged}


def announced(member_id: UUID, transition: Transition) -> Event:
    """The event that tells others."""
    return _EVENTS[transition.dimension](
        member_id=member_id,
        previous=transition.previous,
        current=transition.current,
        episode=transition.episode,
        at=transition.at,
        cause=transition.cause,
    )
