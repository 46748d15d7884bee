"""Archives on disk: `lane=03/2026-03.parquet`. The same journal gives the same bytes."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from common.bus.locks import EVERY_LANE
from common.db import Database
from lifecycle.journal import service as journal
from lifecycle.journal.archives.domain import COLUMNS, OF_ENTRY, entries_of, rows_of
from lifecycle.journal.domain import Entry

ROWS = 20_000
"""Held at once, and of a row group."""

_MOMENT = pa.timestamp("us", tz="UTC")
_KINDS = {
    "number": pa.int64(),
    "kind": pa.string(),
    "gate_at": _MOMENT,
    "watermark": _MOMENT,
    "revision": pa.int64(),
    "member_id": pa.binary(16),
    "rule": pa.string(),
    "enrolment_id": pa.binary(16),
    "type": pa.string(),
    "producer": pa.string(),
    "generation": pa.int64(),
    "position": pa.int64(),
    "appended_at": _MOMENT,
    "envelope": pa.binary(),
}
SCHEMA = pa.schema([(name, _KINDS[name]) for name in COLUMNS])


class Archive:
    """Writes entries, each lane's in their order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[int, tuple[str, pq.ParquetWriter]] = {}
        self._held: dict[int, list[dict[str, Any]]] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        if any(self._folder.iterdir()):
            raise FileExistsError(f"{self._folder} is not empty")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in list(self._open):
            self._close(lane)

    def add(self, entry: Entry) -> None:
        month = f"{entry.gate_at:%Y-%m}"
        if entry.lane in self._open and self._open[entry.lane][0] != month:
            self._close(entry.lane)
        if entry.lane not in self._open:
            file = self._folder / f"lane={entry.lane:02}" / f"{month}.parquet"
            file.parent.mkdir(exist_ok=True)
            self._open[entry.lane] = month, pq.ParquetWriter(file, SCHEMA, compression="zstd")
        held = self._held.setdefault(entry.lane, [])
        held += rows_of(entry)
        if len(held) >= ROWS:
            self._flush(entry.lane)

    def _flush(self, lane: int) -> None:
        rows = self._held.pop(lane, [])
        if rows:
            self._open[lane][1].write_table(pa.Table.from_pylist(rows, schema=SCHEMA))

    def _close(self, lane: int) -> None:
        self._flush(lane)
        self._open.pop(lane)[1].close()


async def export(db: Database, folder: Path) -> int:
    """Write the journal into an empty folder; how many entries. Raises FileExistsError."""
    written = 0
    with Archive(folder) as archive:
        for lane in EVERY_LANE:
            async for entry in journal.read(db, lane):
                archive.add(entry)
                written += 1
    return written


async def entries(folder: Path, lane: int, *, only: UUID | None = None) -> AsyncIterator[Entry]:
    """A lane's, in their order. `only`: what they have of this member, and of nobody else."""
    for entry in entries_of(lane, _rows(folder, lane) if only is None else _rows_of(folder, lane, only)):
        yield entry


def first_past(folder: Path, lane: int, moment: datetime, *, after: int) -> Entry | None:
    """The first behind that one that tells that all of that moment has been read: that it did, not what it took in."""
    later = (pc.field("number") > after) & (pc.field("watermark") >= pa.scalar(moment, _MOMENT))
    for file in _files(folder, lane):
        found = pq.ParquetFile(file).read(columns=OF_ENTRY).filter(later).slice(length=1).to_pylist()
        if found:
            return Entry(lane=lane, inputs=b"", **(found[0] | {"kind": "time"}))
    return None


def size(folder: Path) -> int:
    """Rows of all lanes, about as many as there are events."""
    return sum(pq.ParquetFile(file).metadata.num_rows for file in folder.glob("lane=*/*.parquet"))


def _files(folder: Path, lane: int) -> list[Path]:
    return sorted((folder / f"lane={lane:02}").glob("*.parquet"))


def _rows_of(folder: Path, lane: int, member_id: UUID) -> Iterator[dict[str, Any]]:
    for file in _files(folder, lane):
        yield from pq.ParquetFile(file).read().filter(pc.field("member_id") == member_id.bytes).to_pylist()


def _rows(folder: Path, lane: int) -> Iterator[dict[str, Any]]:
    for file in _files(folder, lane):
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches(batch_size=ROWS):
                yield from batch.to_pylist()
