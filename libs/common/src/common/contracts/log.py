"""The log's own events: written by the log, for the log."""

from typing import ClassVar

from common.contracts.event import Count, Event, Moment


class GenerationStarted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The producer's database server started anew (restart, promotion, restore, copy): positions begin a new generation."""

    NAME: ClassVar[str] = "log.generation_started"
    SUBJECT: ClassVar[str] = "service"
    service: str
    generation: Count
    started_at: Moment
