from pathlib import Path

from common.runtime import Service
from engagement.channels.endpoints import router as channels
from engagement.chat.endpoints import router as chat
from engagement.checkins.endpoints import router as checkins
from engagement.communities.endpoints import router as communities
from engagement.consumers import HANDLERS
from engagement.messages.endpoints import router as messages
from engagement.resources import build_resources
from engagement.settings import EngagementSettings
from engagement.templates.endpoints import router as templates

SERVICE = Service(
    name="engagement",
    title="Engagement 互動",
    folder=Path(__file__).resolve().parents[2],
    settings=EngagementSettings,
    routers=[communities, channels, chat, checkins, templates, messages],
    handlers=HANDLERS,
    resources=build_resources,
)
