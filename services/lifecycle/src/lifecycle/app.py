from pathlib import Path

from common.runtime import Service
from lifecycle.consumers import HANDLERS
from lifecycle.settings import LifecycleSettings

SERVICE = Service(
    name="lifecycle",
    title="Lifecycle 生命週期",
    folder=Path(__file__).resolve().parents[2],
    settings=LifecycleSettings,
    handlers=HANDLERS,
)
