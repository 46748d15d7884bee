import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from common.bus.locks import EVERY_LANE
from factories.lifecycle import START, Life
from factories.lifecycle_histories import live
from factories.policies import SMALL_TEXT
from lifecycle.calendars.domain import Calendar
from lifecycle.errors import HistoryInvalid, JournalTaken
from lifecycle.journal import service as journal
from lifecycle.journal.archives.service import entries, export, size
from lifecycle.journal.domain import Entry, unpacked_events
from lifecycle.replays.histories.service import archived, imported
from lifecycle.replays.studies.domain import Asked
from lifecycle.replays.studies.service import prepared_on
from lifecycle.replays.trials.domain import together
from lifecycle.replays.trials.service import tried, tried_on

CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"))
DRAFT = Asked(draft=SMALL_TEXT)


def history(file: Path, *, days: int = 20) -> Path:
    """One who orders on the first two days, and says nothing more."""
    lines = [
        {"time": START.isoformat(), "event": "member.registered", "member": "anna"},
        *(
            {
                "time": (START + timedelta(days=day)).isoformat(),
                "event": "order.confirmed",
                "member": "anna",
                "amount_minor": 900,
            }
            for day in (1, 2)
        ),
        {
            "time": (START + timedelta(days=days)).isoformat(),
            "event": "chat.message_counted",
            "member": "ben",
            "messages": 1,
        },
    ]
    file.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    return file


def plain(entry: Entry) -> Any:
    """Compressed bytes may differ, what they hold not."""
    events = [*unpacked_events(entry.inputs)] if entry.kind == "events" else entry.inputs
    return msgspec.structs.replace(entry, inputs=b""), events


def test_a_draft_is_tried_on_a_history_without_a_database(tmp_path: Path) -> None:
    folder, again = tmp_path / "archive", tmp_path / "again"
    assert archived(history(tmp_path / "history.jsonl"), folder, CALENDAR) == 4
    order = prepared_on(folder, DRAFT, tz="Asia/Shanghai", currency="CNY").order
    found = together([asyncio.run(tried_on(folder, lane, order)).found for lane in EVERY_LANE])
    assert found.happened is None
    assert found.tried is not None
    assert found.tried.stands["health", "at_risk"] == 1
    assert {place[1] for place in found.tried.asked} == {"welcome", "thanks", "at_risk"}

    archived(tmp_path / "history.jsonl", again, CALENDAR)
    files = sorted(file.relative_to(folder) for file in folder.rglob("*.parquet"))
    assert len(files) == 12
    assert all((folder / file).read_bytes() == (again / file).read_bytes() for file in files)


def test_a_parquet_history_says_the_same(tmp_path: Path) -> None:
    lines, columns = history(tmp_path / "history.jsonl"), tmp_path / "history.parquet"
    rows = [msgspec.json.decode(line) for line in lines.read_bytes().splitlines()]
    names = list(dict.fromkeys(name for row in rows for name in row))
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), columns)
    archived(lines, tmp_path / "one", CALENDAR)
    archived(columns, tmp_path / "other", CALENDAR)

    async def read(folder: Path) -> list[Any]:
        return [plain(entry) for lane in EVERY_LANE async for entry in entries(folder, lane)]

    assert asyncio.run(read(tmp_path / "one")) == asyncio.run(read(tmp_path / "other"))


def test_what_cannot_be_archived_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"time": "2026-03-02", \n')
    with pytest.raises(HistoryInvalid, match="line 1"):
        archived(wrong, tmp_path / "archive", CALENDAR)
    with pytest.raises(FileExistsError, match="not empty"):
        archived(history(tmp_path / "history.jsonl"), tmp_path, CALENDAR)


@pytest.mark.integration
async def test_an_exported_journal_is_read_as_it_is(life: Life, tmp_path: Path) -> None:
    await live(life, 8)
    written = await export(life.service.db, tmp_path / "archive")
    found = [plain(entry) for lane in EVERY_LANE async for entry in entries(tmp_path / "archive", lane)]
    held = [plain(entry) for lane in EVERY_LANE async for entry in journal.read(life.service.db, lane)]
    assert found == held
    assert written == len(held)
    assert size(tmp_path / "archive") >= written


@pytest.mark.integration
async def test_a_history_fills_a_fresh_journal_or_nothing(life: Life, tmp_path: Path) -> None:
    file = history(tmp_path / "history.jsonl")
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_bytes(file.read_bytes() + b"\n{}")
    with pytest.raises(HistoryInvalid, match="line 5: expected time, event, member"):
        await imported(life.service.db, wrong)
    assert await journal.sizes(life.service.db) == []
    assert await imported(life.service.db, file) == 4
    order = prepared_on(tmp_path, DRAFT, tz="Asia/Shanghai", currency="CNY").order
    found = together([(await tried(life.service.db, lane, order)).found for lane in EVERY_LANE])
    assert found.tried is not None
    assert found.tried.stands["health", "at_risk"] == 1
    with pytest.raises(JournalTaken):
        await imported(life.service.db, file)
