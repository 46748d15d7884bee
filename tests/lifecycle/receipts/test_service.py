"""Receipts are forgotten by age, a little at a time; and they are small."""

import asyncio

import pytest

from factories.lifecycle import DAY, Life
from factories.lifecycle_histories import live, policy_text
from lifecycle.jobs import forget_receipts
from lifecycle.receipts import service

pytestmark = pytest.mark.integration


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifecycle.resources.shipped_text", lambda: policy_text().encode())


async def rows(life: Life, table: str) -> int:
    [row] = await life.service.db.fetch(f"SELECT count(*) AS rows FROM {table}")
    count: int = row["rows"]
    return count


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
    kept = [each["gate_at"] for each in await life.service.db.fetch("SELECT gate_at FROM receipt")]
    assert 0 < len(kept) < before
    assert min(kept) >= end - 10 * DAY
    await life.clock.advance_to(end + 401 * DAY)
    await forget_receipts(life.service.db)
    assert (await rows(life, "receipt"), await rows(life, "receipt_count")) == (0, 0)
    assert await rows(life, "journal") == journal


async def test_two_that_forget_at_once_and_one_that_writes_do_not_meet(guarded: None, life: Life) -> None:
    await live(life, 1, days=12)
    await life.clock.advance_to(life.clock.now() + 401 * DAY)
    now = life.clock.now()
    await asyncio.gather(forget_receipts(life.service.db), life.tick(now), forget_receipts(life.service.db))
    left = await life.service.db.fetch("SELECT gate_at FROM receipt")
    assert left
    assert {each["gate_at"] for each in left} == {now}


async def test_a_receipt_is_small(guarded: None, life: Life) -> None:
    await live(life, 2)
    [size] = await life.service.db.fetch(
        "SELECT avg(pg_column_size(receipt.*)) AS row, avg(octet_length(detail)) AS detail FROM receipt"
    )
    assert size["row"] <= 166
    assert size["detail"] <= 64
