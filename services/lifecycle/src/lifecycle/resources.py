"""What only lifecycle holds while it runs: the policy made ready to run, its instruments, the alarm of its timers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from common.runtime import Runtime
from lifecycle.authoring.service import shipped_policy
from lifecycle.engine.domain import Engine, compiled
from lifecycle.metrics import LifecycleMetrics
from lifecycle.timers.service import Alarm


@dataclass(frozen=True, slots=True)
class Resources:
    engine: Engine
    metrics: LifecycleMetrics
    alarm: Alarm = field(default_factory=Alarm)


@asynccontextmanager
async def build_resources(runtime: Runtime) -> AsyncIterator[Resources]:
    """The policy's zone is the installation's: its days begin where the business is."""
    policy = shipped_policy(tz=runtime.settings.timezone)
    yield Resources(engine=compiled(policy), metrics=LifecycleMetrics(runtime.registry))
