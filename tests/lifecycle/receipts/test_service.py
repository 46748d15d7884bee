"""Receipts are forgotten by age, a little at a time; and they are small."""

import asyncio
from datetime import datetime

import pytest

from factories.guarded_histories import live, policy_text
from factories.lifecycle import DAY, START, Life
from lifecycle.jobs import forget_receipts
from lifecycle.receipts import service

pytestmark = pytest.mark.integration


@pytest.fixture
def lives_by() -> str:
    return policy_text()


@pytest.fixture
def guarded(lives_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifecycle.resources.shipped_text", lives_by.encode)


async def rows(life: Life, table: str) -> int:
    [row] = await life.service.db.fetch(f"SELECT count(*) AS rows FROM {table}")
    count: int = row["rows"]
    return count


async def moments(life: Life) -> list[datetime]:
    """At which what is kept was decided."""
    return [row["gate_at"] for row in await life.service.db.fetch("SELECT gate_at FROM receipt ORDER BY number")]


async def test_what_is_older_than_its_days_is_forgotten_and_the_journal_is_not(
    guarded: None, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 7)  # many transactions
    end = await live(life, 1, days=12)
    before, journal = await rows(life, "receipt"), await rows(life, "journal")
    await forget_receipts(life.service.db)
    assert await rows(life, "receipt") == before

    await life.clock.advance_to(end + 390 * DAY)
    await forget_receipts(life.service.db)
    kept = await moments(life)
    assert 0 < len(kept) < before
    assert min(kept) >= end - 10 * DAY
    await life.clock.advance_to(end + 401 * DAY)
    await forget_receipts(life.service.db)
    assert (await rows(life, "receipt"), await rows(life, "receipt_count")) == (0, 0)
    assert await rows(life, "journal") == journal


async def test_two_that_forget_at_once_and_one_that_writes_do_not_meet(guarded: None, life: Life) -> None:
    await live(life, 1, days=12)
    cutoff = START + 6 * DAY
    young = [each for each in await moments(life) if each >= cutoff]
    await life.clock.advance_to(cutoff + 400 * DAY)
    await asyncio.gather(
        forget_receipts(life.service.db), life.tick(life.clock.now()), forget_receipts(life.service.db)
    )
    left = await moments(life)
    assert [each for each in left if each < life.clock.now()] == young
    assert young


async def test_a_receipt_is_small(guarded: None, life: Life) -> None:
    await live(life, 2)
    [size] = await life.service.db.fetch(
        "SELECT avg(pg_column_size(receipt.*)) AS row, avg(octet_length(detail)) AS detail FROM receipt"
    )
    assert size["row"] <= 166
    assert size["detail"] <= 64
