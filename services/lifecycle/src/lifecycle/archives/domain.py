"""An archive 封存 of a journal: Parquet by lane and month, a row an event or a member for whom time passed.

| column | what |
|---|---|
| `number` | of the entry in its lane; the rows of one stand together, in their order |
| `kind` | `events`, `time`; a `time` without a member is a heartbeat |
| `gate_at`, `watermark` | the lane's two clocks |
| `revision` | what was in force |
| `member_id` | whose event, or for whom time passed |
| `type` | of the event |
| `producer`, `generation`, `position`, `appended_at` | its place in the log |
| `envelope` | the event, as it stands in the log |
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any
from uuid import UUID

from common.contracts.envelope import decode
from lifecycle.journal.domain import Entry, Input, packed_events, packed_members, unpacked_events, unpacked_members

OF_ENTRY = ("number", "kind", "gate_at", "watermark", "revision")
OF_EVENT = ("producer", "generation", "position", "appended_at", "envelope")
COLUMNS = (*OF_ENTRY, "member_id", "type", *OF_EVENT)


def rows_of(entry: Entry) -> Iterator[dict[str, Any]]:
    shared = {name: getattr(entry, name) for name in OF_ENTRY}
    nothing = dict.fromkeys(COLUMNS)
    if entry.kind == "time":
        members: list[UUID | None] = [*unpacked_members(entry.inputs)]
        for member_id in members or [None]:
            yield nothing | shared | {"member_id": None if member_id is None else member_id.bytes}
        return
    for each in unpacked_events(entry.inputs):
        envelope, _ = decode(each.envelope)
        place = {name: getattr(each, name) for name in OF_EVENT}
        yield nothing | shared | {"member_id": UUID(envelope.subject).bytes, "type": envelope.type} | place


def entries_of(lane: int, rows: Iterable[Mapping[str, Any]]) -> Iterator[Entry]:
    """The rows of a lane, in their order, as the entries that they were."""
    for _, group in groupby(rows, key=lambda row: row["number"]):
        held = list(group)
        shared = {name: held[0][name] for name in OF_ENTRY}
        yield Entry(lane=lane, inputs=_inputs(held), **shared)


def _inputs(rows: list[Mapping[str, Any]]) -> bytes:
    if rows[0]["kind"] == "time":
        return packed_members(UUID(bytes=row["member_id"]) for row in rows if row["member_id"])
    return packed_events([Input(**{name: row[name] for name in OF_EVENT}) for row in rows])
