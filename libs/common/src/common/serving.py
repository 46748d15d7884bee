"""Running a process until it is told to stop."""

import asyncio
import errno
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

GRACE_SECONDS = 5


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
    """Signals are handled by `stop_signals`, one place for the whole process."""

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
        gc.freeze()  # what is loaded stays: the collector need not walk it again and again
        yield
    finally:
        server.should_exit = True
        await task


async def run_until_stopped(parts: AbstractAsyncContextManager[None]) -> None:
    """Enter the parts, wait for SIGINT or SIGTERM, leave them. A signal while they start leaves them at once;
    a second one ends the process where it stands.
    """
    stop = asyncio.Event()
    running = asyncio.current_task()
    started = False
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        if not started and running is not None:
            running.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    try:
        async with parts:
            started = True
            await stop.wait()
    except asyncio.CancelledError:
        if started or not stop.is_set():
            raise
