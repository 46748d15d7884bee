"""`make run BUS=kafka`, and a data folder that is run over one bus and then over the other."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import httpx2
import pytest

from common.bus.kafka import relay_state
from common.engines.processes import find_marked
from common.testing.folders import make_folder
from common.testing.waiting import eventually
from e2e.processes import RunningPlatform, data_folder, fails, get, register, running
from embedded.operating import operator_token
from embedded.platform import Configuration, Platform, running_platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400), pytest.mark.usefixtures("kafka_jars")]
KAFKA = ("--bus", "kafka")


async def is_known(platform: RunningPlatform, member: str) -> None:
    """Wait until lifecycle has heard of them."""

    async def known() -> bool:
        return (await get(platform, f"/lifecycle/v1/members/{member}")).status_code == 200

    await eventually(known, seconds=60, what=f"lifecycle knows {member}")


@pytest.mark.slow
async def test_what_is_told_over_kafka_is_heard_also_after_ctrl_c_and_sigkill(tmp_path: Path) -> None:
    async with running(data_folder(tmp_path), arguments=KAFKA) as platform:
        [servers] = re.findall(r"Kafka +(127\.0\.0\.1:\d+)", platform.output)
        await is_known(platform, await register(platform, "ann"))
        code, said = await fails(data_folder(tmp_path), arguments=KAFKA)
        assert (code, said.count("\n")) == (1, 1)
        assert "is in use by the process" in said
        ben = await register(platform, "ben")
        assert await platform.interrupt() == 0
    async with running(data_folder(tmp_path), arguments=KAFKA) as platform:
        assert servers in platform.output  # the same as before
        await is_known(platform, ben)
        cem = await register(platform, "cem")
        await platform.kill()
    async with running(data_folder(tmp_path), arguments=KAFKA) as platform:
        await is_known(platform, cem)
        assert await platform.interrupt() == 0


@pytest.mark.slow
async def test_a_broker_that_is_killed_is_started_again(tmp_path: Path) -> None:
    async with running(data_folder(tmp_path), arguments=KAFKA) as platform:
        await is_known(platform, await register(platform, "ann"))
        place = data_folder(tmp_path).stat()
        os.kill(find_marked(f"huitou-{place.st_dev:x}-{place.st_ino:x}-kafka-1")[0].pid, signal.SIGKILL)
        await is_known(platform, await register(platform, "ben"))
        assert await platform.interrupt() == 0


class Told(list[str]):
    """What a platform said, a line each."""

    def about_buses(self) -> list[str]:
        return [line for line in self if "BUS=" in line]


@asynccontextmanager
async def over(bus: Literal["postgres", "kafka"], folder: Path, told: Told) -> AsyncIterator[Platform]:
    configuration = Configuration(data=folder, port=0, bus=bus, tell=told.append)
    async with running_platform(configuration) as platform:
        yield platform


async def tell_of(platform: Platform, *names: str) -> None:
    """Register members; each is one event, which lifecycle has to handle once."""
    members = platform.runtimes["members"]
    token = await operator_token(members, platform.signer, actor="a test")
    async with httpx2.AsyncClient(base_url=platform.url, headers={"Authorization": f"Bearer {token}"}) as client:
        for name in names:
            body = {"channel": "store", "external_id": name}
            answer = await client.post("/members/v1/members", json=body, headers={"Idempotency-Key": name})
            answer.raise_for_status()


async def are_counted_once(platform: Platform, count: int) -> None:
    """Lifecycle has handled the registration of so many members, the operator included, and each once."""
    db = platform.runtimes["lifecycle"].db

    async def counts() -> tuple[int, int]:
        row = await db.fetchrow(
            "SELECT count(DISTINCT member_id) AS members, count(*) AS entered FROM transition WHERE previous IS NULL"
            " AND dimension = 'stage'"
        )
        assert row is not None
        return row["members"], row["entered"]

    await eventually(lambda: _equal(counts, (count, count)), seconds=60, what=f"{count} members are known")
    assert await db.fetchval("SELECT count(*) FROM dead_letter") == 0


async def _equal(counts: object, wanted: tuple[int, int]) -> bool:
    assert callable(counts)
    return bool(await counts() == wanted)


@pytest.mark.slow
async def test_a_folder_goes_from_one_bus_to_the_other_and_back_with_nothing_lost_or_doubled() -> None:
    folder, told = make_folder(), Told()
    async with over("postgres", folder, told) as platform:
        await tell_of(platform, *(f"first-{n}" for n in range(20)))
        await are_counted_once(platform, 21)
        await platform.workers["lifecycle"].stop()
        await tell_of(platform, "unread-1", "unread-2")
    assert not told.about_buses()
    async with over("kafka", folder, told) as platform:
        await are_counted_once(platform, 23)
        await tell_of(platform, *(f"second-{n}" for n in range(20)))
        await are_counted_once(platform, 43)
        await asyncio.sleep(0)
    [line] = told.about_buses()
    assert "goes on over Kafka" in line
    told.clear()
    async with over("kafka", folder, told) as platform:
        await tell_of(platform, "third")
        await are_counted_once(platform, 44)
    assert not told.about_buses()
    async with over("postgres", folder, told) as platform:
        await tell_of(platform, "fourth")
        await are_counted_once(platform, 45)
    assert "goes on over PostgreSQL" in told.about_buses()[-1]
    told.clear()
    async with over("kafka", folder, told) as platform:
        await tell_of(platform, "fifth")
        await are_counted_once(platform, 46)


@pytest.mark.slow
@pytest.mark.parametrize("left", ["unread", "unnoted"])
async def test_what_was_left_over_kafka_is_handled_before_the_folder_goes_back(left: str) -> None:
    """Events that nobody has read; and a relay that has not noted what it sent and others have read."""
    folder, told = make_folder(), Told()
    async with over("kafka", folder, told) as platform:
        await tell_of(platform, *(f"first-{n}" for n in range(20)))
        await are_counted_once(platform, 21)
        if left == "unread":
            await platform.workers["lifecycle"].stop()
            await tell_of(platform, *(f"unread-{n}" for n in range(20)))
            members = platform.runtimes["members"].db

            def sent() -> bool:
                state = platform.relays["members"].state
                return state is not None and state.cursor.position >= members.head

            await eventually(sent, seconds=30)
        else:
            for relay in platform.relays.values():
                await relay.stop()
            await relay_state.rewind(platform.runtimes["members"].db)
    async with over("postgres", folder, told) as platform:
        await are_counted_once(platform, 41 if left == "unread" else 21)
        await tell_of(platform, "after")
        await are_counted_once(platform, 42 if left == "unread" else 22)
    assert [("once more" in line, "goes on" in line) for line in told.about_buses()] == [(True, False), (False, True)]
