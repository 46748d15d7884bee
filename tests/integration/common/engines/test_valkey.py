from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio
from redis.exceptions import ConnectionError as NotConnectedError

from common.engines.errors import EngineError
from common.engines.folder import DataFolder, open_folder
from common.engines.processes import find_marked
from common.engines.valkey import ValkeyEngine

pytestmark = pytest.mark.integration


@pytest.fixture
def bare(tmp_path: Path) -> DataFolder:
    return open_folder(tmp_path / "data")


@pytest.fixture
async def valkey(bare: DataFolder) -> AsyncIterator[ValkeyEngine]:
    engine = ValkeyEngine(bare, max_memory_mb=16)
    await engine.start()
    yield engine
    await engine.stop(kill=True)
    bare.close()


@pytest.mark.parametrize("kill", [False, True])
async def test_it_starts_again_with_nothing(valkey: ValkeyEngine, kill: bool) -> None:
    async with redis.asyncio.Redis.from_url(valkey.url()) as client:
        await client.set("key", "value")
        assert await client.config_get("maxmemory") == {"maxmemory": str(16 << 20)}
    await valkey.stop(kill=kill)
    assert find_marked(valkey.folder.mark("valkey")) == []
    await valkey.start()
    async with redis.asyncio.Redis.from_url(valkey.url()) as client:
        assert await client.get("key") is None
    assert sorted(path.name for path in (valkey.folder.path / "valkey").iterdir()) == ["valkey.conf"]


async def test_a_password_is_asked_for(valkey: ValkeyEngine) -> None:
    wrong = valkey.url().replace(valkey.folder.secret("valkey"), "guess")
    async with redis.asyncio.Redis.from_url(wrong) as client:
        with pytest.raises(NotConnectedError, match="invalid username-password pair"):
            await client.ping()


async def test_a_full_server_forgets_and_goes_on(valkey: ValkeyEngine) -> None:
    async with redis.asyncio.Redis.from_url(valkey.url()) as client:
        for number in range(40):
            await client.set(f"key{number}", b"x" * (1 << 20))
        assert await client.get("key39") is not None
        assert 0 < await client.dbsize() < 20


async def test_a_deep_data_folder_works(tmp_path: Path) -> None:
    with open_folder(tmp_path / ("d" * 120) / "data") as folder:
        async with ValkeyEngine(folder) as engine, redis.asyncio.Redis.from_url(engine.url()) as client:
            assert await client.ping()


async def test_a_failing_start_says_why(bare: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ValkeyEngine, "_configuration", lambda _: "no-such-setting 1\n")
    with bare, pytest.raises(EngineError, match="Valkey did not start in ") as error:
        await ValkeyEngine(bare).start()
    assert "no-such-setting" in error.value.log_tail
