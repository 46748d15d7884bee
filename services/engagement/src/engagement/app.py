from pathlib import Path

from common.runtime import Service
from engagement.channels.endpoints import router as channels
from engagement.chat.endpoints import router as chat
from engagement.checkins.endpoints import router as checkins
from engagement.communities.endpoints import router as communities
from engagement.complaints.endpoints import router as complaints
from engagement.consumers import HANDLERS
from engagement.deliveries.endpoints import router as deliveries
from engagement.deliveries.service import next_due
from engagement.jobs import JOBS
from engagement.messages.endpoints import router as messages
from engagement.resources import build_resources
from engagement.settings import EngagementSettings
from engagement.tasks.endpoints import router as tasks
from engagement.teams.endpoints import router as teams
from engagement.templates.endpoints import router as templates
from engagement.webhooks.endpoints import router as webhooks

SERVICE = Service(
    name="engagement",
    title="Engagement 互動",
    folder=Path(__file__).resolve().parents[2],
    settings=EngagementSettings,
    routers=[
        *(communities, channels, chat, checkins, templates, messages),
        *(teams, tasks, webhooks, deliveries, complaints),
    ],
    handlers=HANDLERS,
    jobs=JOBS,
    next_due=next_due,
    resources=build_resources,
)
