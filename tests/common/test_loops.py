import asyncio
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import loops
from common.loops import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, Loop, backoff_seconds


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setattr(loops, "LONGEST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(loops, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(loops, "CANCEL_SECONDS", 0.1)


@given(st.integers(1, 10_000))
def test_the_wait_grows_and_is_capped(failures: int) -> None:
    wait = backoff_seconds(failures)
    assert FIRST_WAIT_SECONDS <= wait <= min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(failures, 20))


def test_the_waits_are_spread() -> None:
    """So that many who failed at once do not come again at once."""
    assert len({round(backoff_seconds(8), 3) for _ in range(50)}) > 25


@pytest.mark.usefixtures("impatient")
async def test_whatever_a_body_raises_it_is_run_again() -> None:
    raised: list[BaseException] = [ValueError("1"), asyncio.CancelledError(), OSError("3")]
    told: list[BaseException] = []
    ran = asyncio.Event()

    async def body(stopping: asyncio.Event) -> None:
        if len(told) < len(raised):
            raise raised[len(told)]
        ran.set()
        await stopping.wait()

    loop = Loop("test", body, on_restart=told.append)
    loop.start()
    await asyncio.wait_for(ran.wait(), 30)
    await loop.stop()
    assert told == raised


@pytest.mark.usefixtures("impatient")
async def test_stopping_lets_the_body_end_by_itself() -> None:
    ended = False

    async def body(stopping: asyncio.Event) -> None:
        nonlocal ended
        await stopping.wait()
        await asyncio.sleep(0.01)
        ended = True

    loop = Loop("test", body)
    loop.start()
    await asyncio.sleep(0)
    await loop.stop()
    assert ended


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("stubborn", [False, True])
async def test_stopping_does_not_wait_for_ever(stubborn: bool) -> None:
    """Nor when the body does not even end when it is cancelled."""
    release, cancelled = asyncio.Event(), asyncio.Event()

    async def body(_: asyncio.Event) -> None:
        try:
            await release.wait()
        except asyncio.CancelledError:
            cancelled.set()
            if stubborn:
                await release.wait()
            raise

    loop = Loop("test", body)
    loop.start()
    await asyncio.sleep(0)
    began = monotonic()
    await loop.stop()
    assert monotonic() - began < 5
    assert cancelled.is_set()
    release.set()
    await asyncio.sleep(0)


@pytest.mark.usefixtures("impatient")
async def test_stopping_ends_a_wait_between_two_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "FIRST_WAIT_SECONDS", 3600.0)
    monkeypatch.setattr(loops, "LONGEST_WAIT_SECONDS", 3600.0)
    failed = asyncio.Event()

    async def body(_: asyncio.Event) -> None:
        raise ValueError

    loop = Loop("test", body, on_restart=lambda _: failed.set())
    loop.start()
    await asyncio.wait_for(failed.wait(), 30)
    await asyncio.wait_for(loop.stop(), 30)


async def test_stopping_what_was_never_started() -> None:
    async def body(_: asyncio.Event) -> None: ...

    await Loop("test", body).stop()
