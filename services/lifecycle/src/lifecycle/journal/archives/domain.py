"""An archive 封存 of a journal: Parquet by lane and month, a row an event or a member for whom time passed.

| column | what |
|---|---|
| `number` | of the entry in its lane; the rows of one stand together, in their order |
| `kind` | `events`, `time`, `enrolment`; a `time` without a member is a heartbeat |
| `gate_at`, `watermark` | the lane's two clocks |
| `revision` | what was in force |
| `member_id` | whose event, for whom time passed, or who was enrolled |
| `rule`, `enrolment_id` | of an enrolment |
| `type` | of the event |
| `producer`, `generation`, `position`, `appended_at` | its place in the log |
| `envelope` | the event, as it stands in the log |
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any
from uuid import UUID

from common.contracts.envelope import decode
from lifecycle.journal.domain import (
    Entry,
    Input,
    packed_enrolment,
    packed_events,
    packed_members,
    unpacked_enrolment,
    unpacked_events,
    unpacked_members,
)

OF_ENTRY = ("number", "kind", "gate_at", "watermark", "revision")
OF_EVENT = ("producer", "generation", "position", "appended_at", "envelope")
COLUMNS = (*OF_ENTRY, "member_id", "rule", "enrolment_id", "type", *OF_EVENT)


def rows_of(entry: Entry) -> Iterator[dict[str, Any]]:
    shared = {name: getattr(entry, name) for name in OF_ENTRY}
    nothing = dict.fromkeys(COLUMNS)
    if entry.kind == "time":
        members: list[UUID | None] = [*unpacked_members(entry.inputs)]
        for member_id in members or [None]:
            yield nothing | shared | {"member_id": None if member_id is None else member_id.bytes}
        return
    if entry.kind == "enrolment":
        found = unpacked_enrolment(entry.inputs)
        whose = {"rule": found.rule, "enrolment_id": found.enrolment_id.bytes}
        for member in unpacked_members(found.members):
            yield nothing | shared | whose | {"member_id": member.bytes}
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
    members = [UUID(bytes=row["member_id"]) for row in rows if row["member_id"]]
    if rows[0]["kind"] == "time":
        return packed_members(members)
    if rows[0]["kind"] == "enrolment":
        return packed_enrolment(UUID(bytes=rows[0]["enrolment_id"]), rows[0]["rule"], members)
    return packed_events([Input(**{name: row[name] for name in OF_EVENT}) for row in rows])
