"""The catalogue: one topic per producing service, and every type of event this version knows."""

from dataclasses import dataclass
from types import ModuleType

from common.contracts import engagement, lifecycle, log, members, orders
from common.contracts.event import Event


@dataclass(frozen=True, kw_only=True)
class Topic:
    service: str
    events: tuple[type[Event], ...]

    @property
    def name(self) -> str:
        return topic_name(self.service)


def topic_name(service: str) -> str:
    return f"huitou.{service}"


def generation_started_type(service: str) -> str:
    return f"huitou.{service}.{log.GenerationStarted.NAME}.v{log.GenerationStarted.VERSION}"


def _topic(service: str, module: ModuleType) -> Topic:
    events = [
        value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Event) and value.NAME
    ]
    return Topic(service=service, events=tuple(sorted(events, key=lambda event: event.NAME)))


TOPICS: dict[str, Topic] = {
    service: _topic(service, module)
    for service, module in {
        "orders": orders,
        "members": members,
        "engagement": engagement,
        "lifecycle": lifecycle,
    }.items()
}

CATALOGUE: dict[str, type[Event]] = {
    event.type_name(): event for topic in TOPICS.values() for event in topic.events
} | {generation_started_type(service): log.GenerationStarted for service in TOPICS}
"""CloudEvents type → class. A type that is not here is parked until a version that knows it replays it."""
