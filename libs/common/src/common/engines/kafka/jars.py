"""Java and Apache Kafka's own jars: found on this machine, or fetched once by Maven and kept in the user's cache."""

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from common.engines.errors import EngineError
from common.engines.programs import run

POM = Path(__file__).resolve().parents[6] / "deploy" / "local" / "kafka" / "pom.xml"
OLDEST_JAVA = 17
FETCH_SECONDS = 300
_POLL_SECONDS = 0.1
_TELL_SECONDS = 2.0

Tell: TypeAlias = Callable[[str], None]
"""Is told, a line at a time, what takes long."""


class BrokerUnavailable(EngineError):
    """No broker can be had on this machine; the message is the reason in one line."""


@dataclass(frozen=True)
class Programs:
    java: Path
    jars: Path


async def find_programs(*, tell: Tell | None = None) -> Programs:
    """Raises BrokerUnavailable."""
    return Programs(await find_java(), await find_jars(tell=tell))


async def find_java() -> Path:
    """Java 17 or newer, from JAVA_HOME or the path. Raises BrokerUnavailable."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        raise BrokerUnavailable(f"no Java {OLDEST_JAVA} or newer")
    try:
        said = await run([java, "--version"])
    except (EngineError, OSError) as error:
        raise BrokerUnavailable(f"Java {OLDEST_JAVA} or newer is needed: {error}") from error
    version = re.search(r"\d+", said)
    if version is None or int(version.group()) < OLDEST_JAVA:
        raise BrokerUnavailable(f"Java {OLDEST_JAVA} or newer is needed, this is {said.partition('(')[0].strip()}")
    return Path(java)


def locate_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huitou"


def read_kafka_version() -> str:
    """The one that the pom names. Raises BrokerUnavailable."""
    version = re.search(r"<version>(.+?)</version>", _read_pom())
    assert version is not None, f"{POM} states no version"  # noqa: S101 - our own file
    return version.group(1)


def _read_pom() -> str:
    if not POM.is_file():
        raise BrokerUnavailable("the pom that names Kafka's jars is not here: this is no checkout of the project")
    return POM.read_text()


async def find_jars(*, tell: Tell | None = None) -> Path:
    """The folder with the jars that the pom names; the first call fetches them. Raises BrokerUnavailable.

    The folder appears whole or not at all, and callers at the same time fetch once: each waits for the lock and looks
    again. Its name carries a digest of the pom, so that an edited pom never meets the jars of the old one.
    """
    digest = hashlib.sha256(_read_pom().encode()).hexdigest()[:8]
    jars = locate_cache() / f"kafka-{read_kafka_version()}-{digest}"
    if jars.is_dir():
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerUnavailable("Java is here, but no Maven to fetch Kafka's jars")
    jars.parent.mkdir(parents=True, exist_ok=True)
    async with _locked(jars.parent / "kafka.lock"):
        if not jars.is_dir():
            await _fetch(maven, jars, tell=tell or _say_nothing)
    return jars


def _say_nothing(_: str) -> None:
    pass


async def _fetch(maven: str, jars: Path, *, tell: Tell) -> None:
    tell(f"fetching Apache Kafka {read_kafka_version()} by Maven, once: about 45 MB")
    with tempfile.TemporaryDirectory(prefix=f".{jars.name}-", dir=jars.parent) as scratch:
        fetched, log = Path(scratch) / "jars", Path(scratch) / "log"
        options = ["--batch-mode", "--strict-checksums", f"--log-file={log}", f"--file={POM}"]
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={fetched}"]
        telling = asyncio.create_task(_tell_progress(log, tell))
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                await run([maven, *options, *goal], environment=os.environ)
        except (EngineError, TimeoutError) as error:
            said = _read_log(log)
            complaint = re.search(r"\[ERROR\] (.{1,200})", said)
            reason = complaint.group(1) if complaint else str(error) or f"not done after {FETCH_SECONDS} s"
            raise BrokerUnavailable(f"Maven could not fetch Kafka's jars: {reason}", log_tail=said) from error
        finally:
            telling.cancel()
        fetched.rename(jars)


async def _tell_progress(log: Path, tell: Tell) -> None:
    told = 0
    while True:
        await asyncio.sleep(_TELL_SECONDS)
        count = _read_log(log).count("Downloaded from")
        if count > told:
            tell(f"  {count} files")
            told = count


def _read_log(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    """A lock between processes; the system frees it when its holder dies."""
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await asyncio.sleep(_POLL_SECONDS)
            else:
                break
        yield
