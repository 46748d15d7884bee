"""Which Kafka broker the tests talk to, and one of them for a whole test session.

The order: `KAFKA_BOOTSTRAP_SERVERS`; a Docker engine (testcontainers); Java with Maven (`common.engines.kafka`); else none,
which `KAFKA=required` makes a failure. Tests of what dies and hangs need brokers of their own: `own_kafka`.

The process that runs the session, and not its xdist workers, offers the broker from `pytest_configure`:

    if not hasattr(config, "workerinput"):
        config.add_cleanup(brokers.offer())

Nothing is started until the first test, in whichever process, asks for it with `brokers.shared()`.
"""

import asyncio
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from common.engines.errors import EngineError
from common.engines.folder import open_folder
from common.engines.kafka.cluster import Listener, plan_cluster
from common.engines.kafka.discovery import list_brokers
from common.engines.kafka.engine import KafkaEngine
from common.engines.kafka.jars import BrokerUnavailable
from common.testing.containers import kafka_container
from common.testing.folders import make_folder

OFFER = "HUITOU_TEST_BROKER"
"""The environment variable by which workers find the session's offer: the path of a socket."""
OPEN_SECONDS = 10
ASK_SECONDS = 600


class _Outcome(msgspec.Struct, omit_defaults=True):
    bootstrap_servers: str = ""
    unavailable: str = ""
    failed: str = ""
    log_tail: str = ""


@asynccontextmanager
async def open_broker(folder: Path) -> AsyncIterator[str]:
    """The bootstrap servers of a broker that answers; one that we start keeps its files in `folder` and ends with the block.

    Raises BrokerUnavailable, or EngineError when there should have been one.
    """
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        if not await list_brokers(given):
            raise EngineError(f"no broker answers at KAFKA_BOOTSTRAP_SERVERS={given}")
        yield given
        return
    with open_folder(folder) as data:
        async with kafka_container(plan_cluster(data, brokers=1, first_port=None)) as address:
            if address is not None:
                yield address
                return
        engine = KafkaEngine(data)
        try:
            await engine.start()
        except BrokerUnavailable as error:
            raise _demanded(
                f"no Kafka broker: KAFKA_BOOTSTRAP_SERVERS is not set; no Docker engine answers; {error}"
            ) from error
        try:
            yield engine.bootstrap_servers
        finally:
            await engine.stop()


def _demanded(reason: str) -> EngineError:
    """What to raise when there is no broker."""
    if os.environ.get("KAFKA") == "required":
        return EngineError(f"KAFKA=required, and {reason}")
    return BrokerUnavailable(reason)


@asynccontextmanager
async def own_kafka(
    *,
    brokers: int = 1,
    listeners: Collection[Listener] = (),
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[KafkaEngine]:
    """Brokers that no other test talks to, for one that kills, suspends and restarts them; killed at the end.

    Raises BrokerUnavailable (skip the test), or EngineError.
    """
    place = make_folder()
    try:
        with open_folder(place / "data") as folder:
            try:
                engine = KafkaEngine(folder, brokers=brokers, listeners=listeners, settings=settings)
                await engine.start()
            except BrokerUnavailable as error:
                raise _demanded(f"no Kafka of our own: {error}") from error
            try:
                yield engine
            finally:
                await engine.kill()
    finally:
        shutil.rmtree(place)


def offer() -> Callable[[], None]:
    """Offer one broker to this process and its children. What is returned withdraws the offer and stops the broker."""
    session = _Session()
    session.open()
    return session.close


def shared() -> str:
    """The bootstrap servers of the session's broker, which starts now if nobody asked before.

    Raises BrokerUnavailable (skip the test), or EngineError.
    """
    path = os.environ.get(OFFER)
    if path is None:
        raise EngineError("nobody offers a broker: pytest_configure has to call common.testing.brokers.offer()")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ASK_SECONDS)
        connection.connect(path)
        with connection.makefile("rb") as answer:
            outcome = msgspec.json.decode(answer.read(), type=_Outcome)
    if outcome.failed:
        raise EngineError(outcome.failed, log_tail=outcome.log_tail)
    if outcome.unavailable:
        raise BrokerUnavailable(outcome.unavailable)
    return outcome.bootstrap_servers


class _Session:
    """A thread with its own event loop that finds the broker at the first question and gives every asker the same answer."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="huitou-kafka-"))
        self._listening = threading.Event()
        self._withdrawn = asyncio.Event()
        self._asking = asyncio.Lock()
        self._broker = AsyncExitStack()
        self._outcome: _Outcome | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="test broker", daemon=True)

    def open(self) -> None:
        self._thread.start()
        if not self._listening.wait(OPEN_SECONDS):
            raise EngineError("the session's offer of a broker did not open")
        os.environ[OFFER] = str(self._folder / "ask")

    def close(self) -> None:
        os.environ.pop(OFFER, None)
        self._loop.call_soon_threadsafe(self._withdrawn.set)
        self._thread.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_unix_server(self._answer, self._folder / "ask")
        self._listening.set()
        await self._withdrawn.wait()
        server.close()
        await self._broker.aclose()

    async def _answer(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._asking:
            if self._outcome is None:
                self._outcome = await self._find()
        writer.write(msgspec.json.encode(self._outcome))
        writer.close()

    async def _find(self) -> _Outcome:
        try:
            address = await self._broker.enter_async_context(open_broker(self._folder / "broker"))
        except BrokerUnavailable as error:
            return _Outcome(unavailable=str(error))
        except EngineError as error:
            return _Outcome(failed=str(error), log_tail=error.log_tail)
        except Exception as error:  # noqa: BLE001 - whatever it is, the asker raises it
            return _Outcome(failed=repr(error))
        return _Outcome(bootstrap_servers=address)
