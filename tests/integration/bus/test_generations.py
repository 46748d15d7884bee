"""Whatever the server went through, positions only grow: each incarnation of a log begins one generation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from common.bus.position import Position
from common.contracts.topics import TOPICS
from common.engines.copies import back_up, copy_cluster, promote
from common.engines.folder import open_folder
from common.engines.postgres import PostgresEngine
from common.testing.folders import make_folder
from common.testing.waiting import eventually
from integration.bus.cluster import DATABASE, Cluster
from integration.bus.effects import earned, recording
from integration.bus.harness import SECONDS, Log

pytestmark = pytest.mark.integration

RACERS = 8


@asynccontextmanager
async def serving(engine: PostgresEngine) -> AsyncIterator[Cluster]:
    await engine.start()
    cluster = Cluster(engine, engine.folder.path)
    try:
        yield cluster
    finally:
        await cluster.close()


async def race(cluster: Cluster, *, above: Position, database: str = DATABASE) -> Position:
    """The first appends in a new incarnation, by racers: one marker, a higher generation for all. The new head."""
    log = cluster.log(database=database)
    racers = [log.new_db("members", connections=1) for _ in range(RACERS)]
    for db in racers:
        await db.open()

    async def append(n: int) -> None:
        async with racers[n].transaction() as uow:
            uow.append(earned(n, key=n))

    await asyncio.gather(*(append(n) for n in range(RACERS)))
    rows = await racers[0].fetch(
        "SELECT * FROM outbox WHERE (generation, id) > ($1, $2) ORDER BY generation, id", above.generation, above.id
    )
    assert len(rows) == RACERS + 1
    assert {row["generation"] for row in rows} == {rows[0]["generation"]}
    assert rows[0]["generation"] > above.generation
    assert [("generation_started" in row["type"]) for row in rows] == [True, *[False] * RACERS]
    for db in racers:
        await db.close()
    return await log.head()


async def test_a_restart_a_promotion_and_a_copied_folder(cluster: Cluster, place: Path) -> None:
    """4. Eight racers each time."""
    head = await race(cluster, above=Position(0, 0))
    await cluster.restart()
    head = await race(cluster, above=head)
    await cluster.restart(mode="kill")
    head = await race(cluster, above=head)
    with open_folder(make_folder(place) / "data") as standby_folder:
        standby = PostgresEngine(standby_folder, durable=False)
        await back_up(cluster.engine, standby_folder, standby=True)
        async with serving(standby) as promoted:
            await promote(standby)
            await race(promoted, above=head)
    await cluster.engine.stop()
    with open_folder(make_folder(place) / "data") as copy_folder:
        await copy_cluster(cluster.engine.folder, copy_folder)
        async with serving(PostgresEngine(copy_folder, durable=False)) as copy:
            await race(copy, above=head)


async def test_a_restore_into_the_running_server(cluster: Cluster) -> None:
    """4 too. The server's start is the same one; the tables are others."""
    head = await race(cluster, above=Position(0, 0))
    dump = str(cluster.place / "dump")
    await cluster.engine.run("pg_dump", "--format=custom", f"--dbname={DATABASE}", f"--file={dump}")
    log = cluster.log()
    await log.produce(earned(1))
    assert (await log.head()).generation == head.generation, "the incarnation goes on"
    await cluster.execute(
        "DROP SCHEMA members CASCADE",
        "CREATE SCHEMA members AUTHORIZATION members",
        "GRANT USAGE ON SCHEMA members TO log_reader",
    )
    await cluster.engine.run("pg_restore", "--schema=members", f"--dbname={DATABASE}", dump)
    restored = await race(cluster, above=await cluster.log().head())
    assert restored.generation > head.generation


async def test_dump_and_restore_mid_stream(cluster: Cluster, place: Path) -> None:
    """5. Another server, whose xids and days begin anew: nothing is lost, nothing comes twice, the order of keys holds."""
    log = cluster.log()
    dump = str(cluster.place / "dump")
    stop = asyncio.Event()

    async def write(key: int) -> None:
        n = 0
        while not stop.is_set():
            await log.produce(earned(n, key=key))
            n += 1

    async with log.consuming(recording()):
        writers = [asyncio.create_task(write(key)) for key in range(6)]
        await eventually(lambda: enough(log), seconds=SECONDS)
        await cluster.engine.run("pg_dump", "--format=custom", f"--dbname={DATABASE}", f"--file={dump}")
        stop.set()
        await asyncio.gather(*writers)
    roles = await cluster.engine.run("pg_dumpall", "--roles-only", "--no-role-passwords")
    with open_folder(make_folder(place) / "data") as folder:
        async with serving(PostgresEngine(folder, durable=False)) as other:
            script = other.place / "roles.sql"
            script.write_text("\n".join(line for line in roles.splitlines() if "ROLE postgres" not in line))
            await other.engine.run("psql", "--quiet", f"--file={script}")
            await other.execute(
                *(f"ALTER ROLE {service} PASSWORD 'only-for-tests'" for service in TOPICS),
                f"CREATE DATABASE {DATABASE}",
                database="postgres",
            )
            await other.engine.run("pg_restore", f"--dbname={DATABASE}", dump)
            restored = other.log()
            for n in range(5):
                await restored.produce(earned(n, key=7))
            await restored.drain(recording())
            await check(restored)
    await log.drain(recording())
    await check(log)


async def enough(log: Log) -> bool:
    return len(await log.numbers()) > 100


async def check(log: Log) -> None:
    """The effects are the log: each event once, the order of each key kept."""
    effects, events = await log.effects(), await log.events()
    assert sorted(effect.event_id for effect in effects) == sorted(row["event_id"] for row in events)
    for key in {effect.key for effect in effects}:
        assert [e.event_id for e in effects if e.key == key] == [row["event_id"] for row in events if row["key"] == key]


async def test_a_consumer_goes_on_over_restarts_of_the_server(cluster: Cluster) -> None:
    """Marks are memory of one server's xids: they end with the connection. The pool finds the new server by itself."""
    log = cluster.log()
    async with log.consuming(recording()):
        for n in range(4):
            await log.produce(earned(n))
            await log.scanned()
            await cluster.restart(mode="kill" if n % 2 else "fast")
        await log.produce(earned(4))
        await log.scanned()
    assert await log.numbers() == [0, 1, 2, 3, 4]
    generations = {row["generation"] for row in await log.events()}
    assert len(generations) == 5
    assert log.metric("log_consumer_restarts_total") >= 4


async def test_nothing_is_read_before_a_generation_has_begun(cluster: Cluster) -> None:
    """What there is may be half of a dump. Nor is time complete."""
    log = cluster.log()
    await log.produce(earned(1))
    await cluster.restart()
    progress: list[object] = []

    async def on_progress(to: object) -> None:
        progress.append(to)

    async with log.consuming(recording(), on_progress=on_progress):
        await eventually(lambda: len(progress) > 1, seconds=SECONDS)
        assert await log.numbers() == []
        assert progress[-1] == {"members": None}
        await (await log.db("members")).prepare_log()
        await log.scanned()
    assert await log.numbers() == [1]
