"""What only engagement holds while it runs: the secrets of its chat channels, the counters."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from common.runtime import Runtime
from engagement.metrics import EngagementMetrics
from engagement.settings import EngagementSettings
from engagement.templates import service as templates


@dataclass(frozen=True, slots=True)
class Resources:
    channel_secrets: Mapping[str, Sequence[str]] = field(repr=False)
    metrics: EngagementMetrics


@asynccontextmanager
async def build_resources(runtime: Runtime) -> AsyncIterator[Resources]:
    settings = runtime.settings
    if not isinstance(settings, EngagementSettings):
        raise TypeError("engagement runs with EngagementSettings")
    await templates.seed(runtime.db)
    yield Resources(channel_secrets=settings.channel_secrets, metrics=EngagementMetrics(runtime.registry))
