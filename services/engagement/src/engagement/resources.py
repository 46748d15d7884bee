"""What only engagement holds while it runs: secrets, the way out to the shop's own endpoints, the counters."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from common.runtime import Runtime
from engagement.adapters.outgoing import Outgoing, outgoing_client
from engagement.metrics import EngagementMetrics
from engagement.settings import EngagementSettings
from engagement.teams import service as teams
from engagement.templates import service as templates
from engagement.webhooks.domain import Egress


@dataclass(frozen=True, slots=True)
class Resources:
    channel_secrets: Mapping[str, Sequence[str]] = field(repr=False)
    outgoing_secret: bytes = field(repr=False)
    egress: Egress
    outgoing: Outgoing
    complaint_topics: frozenset[str]
    metrics: EngagementMetrics


@asynccontextmanager
async def build_resources(runtime: Runtime) -> AsyncIterator[Resources]:
    settings = runtime.settings
    if not isinstance(settings, EngagementSettings):
        raise TypeError("engagement runs with EngagementSettings")
    await templates.seed(runtime.db)
    await teams.seed(runtime.db)
    egress = Egress(frozenset(settings.outgoing_hosts), loopback=settings.outgoing_loopback)
    async with outgoing_client() as client:
        yield Resources(
            channel_secrets=settings.channel_secrets,
            outgoing_secret=settings.outgoing_secret.get_secret_value().encode(),
            egress=egress,
            outgoing=Outgoing(client, egress),
            complaint_topics=frozenset(settings.complaint_topics),
            metrics=EngagementMetrics(runtime.registry),
        )
