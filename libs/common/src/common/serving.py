"""Running a process until it is told to stop."""

import asyncio
import errno
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp

T = TypeVar("T")
GRACE_SECONDS = 5
YOUNG_OBJECTS, YOUNG_ROUNDS = 100_000, 20
"""New objects before the collector looks at them, and looks before it looks at what has survived them."""


class PortBusy(Exception):
    """Another program listens there."""


def bind(host: str, port: int) -> socket.socket:
    """Take the address before anything is started. Raises PortBusy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named: left on, it holds each answer back by 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL}:
            raise PortBusy(f"cannot listen on {host}:{port}: {error.strerror}; choose another with PORT=") from error
        raise
    return bound


class _Server(uvicorn.Server):
    """Signals are handled in one place for the whole process, below."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, bound: socket.socket) -> AsyncIterator[None]:
    """Serve HTTP on a bound socket while the block runs; then let open requests finish."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[bound]), name="http")
    try:
        while not server.started:
            if task.done():
                await task
                raise RuntimeError("the HTTP server ended before it had started")
            await asyncio.sleep(0.005)
        spare_collector()
        yield
    finally:
        server.should_exit = True
        await task


def spare_collector() -> None:
    """What is loaded stays: the collector need not walk it again and again. Nor is a batch of rows a reason to look for cycles:
    at Python's own threshold that was a third of a consumer's time.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_ROUNDS, YOUNG_ROUNDS)


class Interrupted(Exception):
    """SIGINT or SIGTERM ended the work."""


async def run_until_interrupted(work: Coroutine[Any, Any, T]) -> T:
    """Do the work; a first signal cancels it and raises Interrupted."""
    stop = _on_signal(_this_task().cancel)
    try:
        return await work
    except asyncio.CancelledError:
        if stop.is_set():
            raise Interrupted from None
        raise


async def run_until_stopped(parts: AbstractAsyncContextManager[None]) -> None:
    """Enter the parts, wait for a signal, leave them. A signal while they start leaves them at once."""
    running = _this_task()
    started = False

    def act() -> None:
        if not started:
            running.cancel()

    stop = _on_signal(act)
    try:
        async with parts:
            started = True
            await stop.wait()
    except asyncio.CancelledError:
        if started or not stop.is_set():
            raise


def _on_signal(act: Callable[[], object]) -> asyncio.Event:
    """Act on the first SIGINT or SIGTERM, also where the shell had us ignore it; a second one ends the process where it stands."""
    stop = asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        act()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    return stop


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("this runs in a task")
    return task
