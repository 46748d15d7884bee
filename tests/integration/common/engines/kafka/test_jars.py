"""What is said and kept when Java or Maven are missing, too old, or fail; programs of our own stand in for both."""

import asyncio
import os
from pathlib import Path

import pytest

from common.engines.kafka.jars import BrokerUnavailable, find_jars, find_java, read_kafka_version

pytestmark = pytest.mark.integration


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path; the cache is empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, value in (("PATH", folder), ("XDG_CACHE_HOME", tmp_path / "cache")):
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return folder


def write_program(place: Path, body: str) -> None:
    place.write_text(f"#!/bin/sh\nPATH={os.defpath}\n{body}\n")
    place.chmod(0o755)


FETCHING = """
for option in "$@"; do case $option in
    -DoutputDirectory=*) folder=${option#*=} ;;
    --log-file=*) log=${option#*=} ;;
esac; done
echo run >> "$(dirname "$0")/runs"
"""


async def test_an_old_java_is_named(programs: Path) -> None:
    write_program(programs / "java", "echo 'openjdk 11.0.2 2019-01-15 (build 11)'")
    with pytest.raises(BrokerUnavailable, match=r"^Java 17 or newer is needed, this is openjdk 11\.0\.2 2019-01-15$"):
        await find_java()


async def test_java_home_comes_before_the_path(programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_program(programs / "java", "echo 'openjdk 11.0.2 2019-01-15'")
    (tmp_path / "home" / "bin").mkdir(parents=True)
    write_program(tmp_path / "home" / "bin" / "java", "echo 'openjdk 21.0.1 2023-10-17'")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert await find_java() == tmp_path / "home" / "bin" / "java"


async def test_without_maven_there_is_one_reason(programs: Path) -> None:
    with pytest.raises(BrokerUnavailable, match=r"^Java is here, but no Maven to fetch Kafka's jars$"):
        await find_jars()


async def test_two_at_once_fetch_once_and_say_so_once(programs: Path, tmp_path: Path) -> None:
    write_program(programs / "mvn", f'{FETCHING} sleep 0.3; mkdir "$folder"; touch "$folder/kafka.jar"')
    told: list[str] = []
    first, second = await asyncio.gather(find_jars(tell=told.append), find_jars(tell=told.append))
    assert first == second
    assert [jar.name for jar in first.iterdir()] == ["kafka.jar"]
    assert (programs / "runs").read_text() == "run\n"
    assert told == [f"fetching Apache Kafka {read_kafka_version()} by Maven, once: about 45 MB"]
    assert await find_jars() == first


async def test_a_long_fetch_tells_how_far_it_is(programs: Path) -> None:
    downloaded = 'for n in 1 2 3; do echo "[INFO] Downloaded from somewhere" >> "$log"; done'
    write_program(programs / "mvn", f'{FETCHING} {downloaded}; sleep 2.5; mkdir "$folder"')
    told: list[str] = []
    await find_jars(tell=told.append)
    assert told[1:] == ["  3 files"]


async def test_what_maven_complains_of_is_the_reason_and_nothing_is_kept(programs: Path, tmp_path: Path) -> None:
    write_program(programs / "mvn", f'{FETCHING} echo "[ERROR] no such host" >> "$log"; mkdir "$folder"; exit 1')
    with pytest.raises(BrokerUnavailable, match=r"^Maven could not fetch Kafka's jars: no such host\n"):
        await find_jars()
    assert [entry.name for entry in (tmp_path / "cache" / "huitou").iterdir()] == ["kafka.lock"]
