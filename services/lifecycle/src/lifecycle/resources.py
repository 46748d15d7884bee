"""What only lifecycle holds while it runs: the versions of the policy, its instruments, the alarm of its timers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from common.runtime import Runtime
from lifecycle.authoring.service import shipped_text
from lifecycle.batches.timers.service import Alarm
from lifecycle.metrics import LifecycleMetrics
from lifecycle.publishing.versions import service as versions
from lifecycle.publishing.versions.service import VersionCache
from lifecycle.settings import LifecycleSettings


@dataclass(frozen=True, slots=True)
class Resources:
    metrics: LifecycleMetrics
    keep_receipts: timedelta
    versions: VersionCache = field(default_factory=VersionCache)
    alarm: Alarm = field(default_factory=Alarm)


@asynccontextmanager
async def build_resources(runtime: Runtime) -> AsyncIterator[Resources]:
    """The first policy's zone is the installation's: its days begin where the business is."""
    settings = runtime.settings
    if not isinstance(settings, LifecycleSettings):
        raise TypeError("lifecycle runs with LifecycleSettings")
    await install_policy(runtime)
    yield Resources(metrics=LifecycleMetrics(runtime.registry), keep_receipts=timedelta(days=settings.receipt_days))


async def install_policy(runtime: Runtime) -> None:
    """Begin with the shipped policy, unless there is one."""
    await versions.install(runtime.db, text=shipped_text().decode(), tz=runtime.settings.timezone)
