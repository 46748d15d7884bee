"""Histories from files: JSON lines or Parquet, a line an event, sorted by time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from common.db import Database
from lifecycle.calendars.domain import Calendar
from lifecycle.errors import HistoryInvalid
from lifecycle.journal import service as journal
from lifecycle.journal.archives.service import Archive
from lifecycle.publishing.changes import service as changes
from lifecycle.publishing.versions.service import VersionCache
from lifecycle.replays.histories.domain import Filed, Line, LineInvalid, filed, line_of

AT_ONCE = 500
"""Entries that one statement writes."""


def archived(file: Path, folder: Path, calendar: Calendar) -> int:
    """A history as an archive in an empty folder; how many events. Raises HistoryInvalid, FileExistsError."""
    lines = _Counted(read(file, calendar))
    with Archive(folder) as archive:
        for each in _filed(lines, revision=0):
            archive.add(each.entry)
    return lines.count


async def imported(db: Database, file: Path) -> int:
    """A history into the journal of an installation that has lived nothing yet, all or nothing; how many events.

    Its members are not made: the journal is there for trials. Raises HistoryInvalid, JournalTaken.
    """
    async with db.transaction() as uow:
        await changes.begin(uow)
        await journal.open_empty(uow)
        versions = await VersionCache().now(uow)
        lines, held = _Counted(read(file, versions.latest.engine.calendar)), list[Filed]()
        for each in _filed(lines, revision=versions.revision):
            held.append(each)
            if len(held) == AT_ONCE:
                await journal.file(uow, [(each.entry, each.subjects) for each in held])
                held = []
        await journal.file(uow, [(each.entry, each.subjects) for each in held])
    return lines.count


def read(file: Path, calendar: Calendar) -> Iterator[Line]:
    """Raises LineInvalid."""
    rows = _parquet(file) if file.suffix == ".parquet" else _json(file)
    for number, fields in rows:
        yield line_of(number, fields, calendar)


class _Counted:
    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines, self.count = lines, 0

    def __iter__(self) -> Iterator[Line]:
        for line in self._lines:
            self.count += 1
            yield line


def _filed(lines: _Counted, *, revision: int) -> Iterator[Filed]:
    try:
        yield from filed(lines, revision=revision)
    except LineInvalid as error:
        raise HistoryInvalid(str(error)) from error


def _json(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with file.open("rb") as opened:
        for number, text in enumerate(opened, 1):
            if text.strip():
                try:
                    yield number, msgspec.json.decode(text, type=dict[str, Any])
                except msgspec.DecodeError as error:
                    raise LineInvalid(f"line {number}: {error}") from error


def _parquet(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    with pq.ParquetFile(file) as opened:
        for batch in opened.iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield number, {name: value for name, value in row.items() if value is not None}
