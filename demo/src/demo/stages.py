"""What the demo runs on: the whole platform in one process, or every service in processes of its own; each on a virtual clock."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from common.clock import VirtualClock
from embedded.distributed.platform import running_processes
from embedded.distributed.settling import Driver, driving
from embedded.platform import Configuration, Platform, running_platform
from embedded.settling import advance, settle


class Stage(Protocol):
    @property
    def origins(self) -> Mapping[str, str]:
        """Service → where its API is served."""
        ...

    def now(self) -> datetime: ...

    async def settle(self) -> None:
        """Return when everything that follows from what was done is done. Raises NotSettled."""
        ...

    async def advance(self, moment: datetime) -> None:
        """Bring it to a moment, past everything that falls due before."""
        ...

    async def count_events(self) -> int:
        """How many have been appended; what was before somebody asked first may be left out."""
        ...


@dataclass(frozen=True)
class _Embedded:
    platform: Platform
    clock: VirtualClock

    @property
    def origins(self) -> Mapping[str, str]:
        return dict.fromkeys(self.platform.runtimes, self.platform.url)

    def now(self) -> datetime:
        return self.clock.now()

    async def settle(self) -> None:
        await settle(self.platform)

    async def advance(self, moment: datetime) -> None:
        await advance(self.platform, self.clock, moment)

    async def count_events(self) -> int:
        registries = (runtime.registry for runtime in self.platform.runtimes.values())
        return sum(int(registry.get_sample_value("log_events_appended_total") or 0) for registry in registries)


@dataclass(frozen=True)
class _Distributed:
    origins: Mapping[str, str]
    driver: Driver

    def now(self) -> datetime:
        return self.driver.clock.now()

    async def settle(self) -> None:
        await self.driver.settle()

    async def advance(self, moment: datetime) -> None:
        await self.driver.advance(moment)

    async def count_events(self) -> int:
        return await self.driver.count_events()


@asynccontextmanager
async def in_one_process(
    wanted: Configuration, settings: Mapping[str, Any], *, start: datetime
) -> AsyncIterator[Stage]:
    """The embedded platform, at a moment."""
    clock = VirtualClock(start)
    async with running_platform(replace(wanted, clock=clock, keep_log=True, settings=settings)) as platform:
        yield _Embedded(platform, clock)


@asynccontextmanager
async def in_many_processes(
    wanted: Configuration, settings: Mapping[str, Any], *, start: datetime
) -> AsyncIterator[Stage]:
    """The distributed platform, at a moment or where its own clock has gone since."""
    async with (
        running_processes(
            wanted.data,
            port=wanted.port,
            kafka_port=wanted.kafka_port,
            tell=wanted.tell,
            settings=settings,
            virtual_from=start,
        ) as platform,
        driving(platform) as driver,
    ):
        yield _Distributed(platform.apis, driver)
