"""The event loop of a process, and long-running work under supervision: what fails is said, waited out with jitter, and begun
anew.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import structlog
import uvloop

T = TypeVar("T")

log = structlog.get_logger(__name__)

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 10.0
STOP_SECONDS = 4.0
"""How long a loop may finish what it has begun; then it is cancelled and its transaction rolls back."""
CANCEL_SECONDS = 0.9


def run(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, on the faster loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


class Loop:
    """A body that runs until `stopping` is set. Whenever it raises, it is run again."""

    def __init__(
        self,
        name: str,
        body: Callable[[asyncio.Event], Awaitable[None]],
        *,
        on_restart: Callable[[BaseException], None] = lambda _: None,
    ) -> None:
        self.name = name
        self.stopping = asyncio.Event()
        self._body = body
        self._on_restart = on_restart
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Let the body end by itself; cancel it when it takes too long."""
        self.stopping.set()
        if self._task is None:
            return
        task, self._task = self._task, None
        done, _ = await asyncio.wait({task}, timeout=STOP_SECONDS)
        if not done:
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=CANCEL_SECONDS)
        if not done:
            log.error("loop does not end", loop=self.name)  # a server that does not answer, not even to a rollback

    async def _run(self) -> None:
        failures = 0
        while not self.stopping.is_set():
            started = asyncio.get_running_loop().time()
            try:
                await self._body(self.stopping)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the loop must go on, and says so
                if is_cancelled():
                    return
                lived = asyncio.get_running_loop().time() - started
                failures = 1 if lived > LONGEST_WAIT_SECONDS else failures + 1
                wait = backoff_seconds(failures)
                log.warning(
                    "loop failed",
                    loop=self.name,
                    error=str(error),
                    kind=type(error).__name__,
                    again_in_seconds=round(wait, 2),
                )
                self._on_restart(error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.stopping.wait(), wait)


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Do all of it at once, to the end, whatever fails; then raise the first failure.

    No TaskGroup: one that fails while it is waited for leaves its task marked as cancelled (Python 3.11 and 3.12), and a loop
    would take that for its own end.
    """
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if outcome is not None:
            raise outcome


def is_cancelled() -> bool:
    """Whether we were told to end, or only something that the body waited for was."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def backoff_seconds(failures: int) -> float:
    """Exponential, capped, with full jitter; never nothing."""
    ceiling = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(failures, 16))
    return random.uniform(FIRST_WAIT_SECONDS, ceiling)  # noqa: S311 - jitter is no secret
