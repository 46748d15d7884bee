from pathlib import Path

from common.runtime import Service
from engagement.consumers import HANDLERS
from engagement.settings import EngagementSettings

SERVICE = Service(
    name="engagement",
    title="Engagement 互動",
    folder=Path(__file__).resolve().parents[2],
    settings=EngagementSettings,
    handlers=HANDLERS,
)
