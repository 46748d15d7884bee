"""Java and Apache Kafka's own jars: found on this machine, or fetched once by Maven and kept in the user's cache."""

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from common.engines.errors import EngineError
from common.engines.programs import run

POM = Path(__file__).resolve().parents[5] / "deploy" / "local" / "kafka" / "pom.xml"
OLDEST_JAVA = 17
FETCH_SECONDS = 300
_POLL_SECONDS = 0.1


class BrokerUnavailable(EngineError):
    """No broker can be had on this machine; the message is the reason in one line."""


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


async def find_jars() -> Path:
    """The folder with the jars that the pom names; the first call fetches them. Raises BrokerUnavailable.

    The folder appears whole or not at all, and callers at the same time fetch once: each waits for the lock and looks
    again. Its name carries a digest of the pom, so that an edited pom never meets the jars of the old one.
    """
    if not POM.is_file():
        raise BrokerUnavailable("the pom that names Kafka's jars is not here: this is no checkout of the project")
    pom = POM.read_text()
    version = re.search(r"<version>(.+?)</version>", pom)
    assert version is not None, f"{POM} states no version"
    jars = locate_cache() / f"kafka-{version.group(1)}-{hashlib.sha256(pom.encode()).hexdigest()[:8]}"
    if jars.is_dir():
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerUnavailable("Java is here, but no Maven to fetch Kafka's jars")
    jars.parent.mkdir(parents=True, exist_ok=True)
    async with _locked(jars.parent / "kafka.lock"):
        if not jars.is_dir():
            await _fetch(maven, jars)
    return jars


async def _fetch(maven: str, jars: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=f".{jars.name}-", dir=jars.parent) as scratch:
        fetched, log = Path(scratch) / "jars", Path(scratch) / "log"  # Maven complains on its standard output
        options = ["--quiet", "--batch-mode", "--strict-checksums", f"--log-file={log}", f"--file={POM}"]
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={fetched}"]
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                await run([maven, *options, *goal], environment=os.environ)
        except (EngineError, TimeoutError) as error:
            said = log.read_text(errors="replace") if log.exists() else ""
            complaint = re.search(r"\[ERROR\] (.{1,200})", said)
            reason = complaint.group(1) if complaint else str(error) or f"not done after {FETCH_SECONDS} s"
            raise BrokerUnavailable(f"Maven could not fetch Kafka's jars: {reason}", log_tail=said) from error
        fetched.rename(jars)


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
