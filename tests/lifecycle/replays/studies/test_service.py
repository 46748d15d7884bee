"""The command as a person runs it: in processes of its own, on a database that the service has written."""

import asyncio
import os
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from factories.lifecycle import Life, member
from factories.lifecycle_histories import live
from factories.policies import SMALL_TEXT
from lifecycle.reports.domain import Report

pytestmark = [pytest.mark.integration, pytest.mark.slow]


class Done(NamedTuple):
    code: int | None
    out: str
    err: str


async def replay(life: Life, *arguments: object) -> Done:
    url = life.service.runtime.settings.database_url.get_secret_value()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lifecycle", "replay", *map(str, arguments)),
        env={**os.environ, "LIFECYCLE_DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Done(process.returncode, out.decode(), err.decode())


async def test_what_is_published_is_verified_and_shown(life: Life, tmp_path: Path) -> None:
    await live(life, 2)
    page = tmp_path / "report.html"
    done = await replay(life, "--out", page)
    assert (done.code, done.err) == (0, "")
    assert "gives every row that the tables hold" in done.out
    assert "welcome" in page.read_text()

    async with life.service.db.transaction() as uow:
        await uow.execute("UPDATE transition SET episode = 77 WHERE number = 1")
    found = await replay(life)
    assert found.code == 1
    assert "transition: the journal gives" in found.err


async def test_a_draft_is_tried_beside_what_happened(life: Life, tmp_path: Path) -> None:
    await live(life, 2)
    draft, costs, out = (tmp_path / name for name in ("draft.yaml", "costs.json", "report.json"))
    draft.write_text(
        SMALL_TEXT.replace("settle: 1h", "settle: 3d").replace("[{coupon: thanks_3}]", "[{coupon: thanks_9}]")
    )
    costs.write_text('{"thanks_3": 300, "thanks_9": 900, "newcomer_3": 300}')
    done = await replay(life, "--policy", draft, "--costs", costs, "--out", out, "--processes", 1)
    assert done.code == 0, done.err
    report = msgspec.json.decode(out.read_bytes(), type=Report)
    [thanks] = [line for line in report.rules if line.rule == "thanks"]
    assert thanks.happened is not None
    assert thanks.tried is not None
    assert thanks.happened.cost_minor == 300 * thanks.happened.acted
    assert thanks.tried.cost_minor == 900 * thanks.tried.acted
    assert report.valueless == ("second_order_4",)
    assert len(report.samples) == 6

    alone = await replay(
        life, "--policy", draft, "--member", member(1), "--from", "2026-03-10", "--to", "2026-03-20", "--out", out
    )
    assert alone.code == 0, alone.err
    report = msgspec.json.decode(out.read_bytes(), type=Report)
    assert [sample.tried.member_id for sample in report.samples if sample.tried] == [member(1)]
    assert {day.day.isoformat() for day in report.days} <= {f"2026-03-{day}" for day in range(10, 21)}


async def test_a_draft_that_is_none_is_told_with_its_lines(life: Life, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text(SMALL_TEXT.replace("engaged.days >= 3", "engagd.days >= 3"))
    done = await replay(life, "--policy", draft)
    assert done.code == 1
    assert "engagd" in done.err
    backwards = await replay(life, "--from", "2026-03-10", "--to", "2026-03-09")
    assert (backwards.code, "not before" in backwards.err) == (1, True)
