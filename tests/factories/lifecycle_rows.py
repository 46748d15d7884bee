"""What lifecycle has written, in a form that two histories of the same input must share; and what must hold of it always."""

from collections import defaultdict
from typing import Any
from uuid import UUID, uuid5

import msgspec

from common.contracts.envelope import decode as decode_envelope
from common.contracts.lifecycle import ActionRequested
from common.db import Database
from lifecycle.members.domain import Member, decode

TABLES = (
    "member",
    "member_timer",
    "waiting_event",
    "standing_count",
    "transition",
    "action",
    "action_count",
    "receipt",
    "receipt_count",
    "journal",
    "outbox",
    "merger",
    "forwarded_event",
)
_LOG_TABLES = ("lane_clock", "dead_letter")

_MEMBERS = "SELECT member_id, lane, state, stage, health, due_at FROM member ORDER BY member_id"
_TRANSITIONS = """
SELECT member_id, dimension, previous, current, episode, at, cause, version, grounds::text FROM transition
ORDER BY member_id, number
"""
_RECEIPTS = """
SELECT member_id, rule, key, version, at, outcome, until, attempt, detail FROM receipt ORDER BY member_id, number
"""
_RECEIPT_COUNTS = "SELECT * FROM receipt_count ORDER BY member_id, rule, reason, day"
_ACTIONS = """
SELECT action_id, member_id, rule, key, attempt, kind, detail, at, valid_until, state, asks, requested_at, settled_at, reason
FROM action ORDER BY action_id
"""
_WAITING = (
    "SELECT member_id, turn_at, producer, generation, position_id, envelope FROM waiting_event ORDER BY 1, 2, number"
)
_OUTBOX = "SELECT key, event_id, envelope FROM outbox ORDER BY generation, id"


async def rows(db: Database) -> dict[str, Any]:
    """Everything, to the byte; only what stands beside the order of writing is left out."""
    told: dict[str, list[tuple[UUID, bytes]]] = defaultdict(list)
    for row in await db.fetch(_OUTBOX):
        if decode_envelope(row["envelope"])[0].subject == row["key"]:
            told[row["key"]].append((row["event_id"], row["envelope"]))
    return {
        "members": [tuple(row) for row in await db.fetch(_MEMBERS)],
        "transitions": [tuple(row) for row in await db.fetch(_TRANSITIONS)],
        "actions": [tuple(row.values()) for row in await db.fetch(_ACTIONS)],
        "receipts": [tuple(row) for row in await db.fetch(_RECEIPTS)],
        "receipt_counts": [tuple(row) for row in await db.fetch(_RECEIPT_COUNTS)],
        "waiting": [tuple(row) for row in await db.fetch(_WAITING)],
        "told": {key: events for key, events in told.items() if key != "lifecycle"},
        "counts": await counts(db),
    }


async def settled_rows(db: Database) -> dict[str, Any]:
    """The same without how often silence was answered, and when: that depends on the ticks, and nothing on it."""
    whole = await rows(db)
    return {
        "members": [(row[0], row[1], _unasked(decode(row[2])), row[3], row[4]) for row in whole["members"]],
        "transitions": whole["transitions"],
        "receipts": whole["receipts"],
        "receipt_counts": whole["receipt_counts"],
        "actions": [row[:9] for row in whole["actions"]],
        "waiting": whole["waiting"],
        "told": {
            key: [event_id for event_id, envelope in events if _is_first(event_id, envelope)]
            for key, events in whole["told"].items()
        },
        "standing": whole["counts"]["standing"],
    }


async def counts(db: Database) -> dict[str, dict[tuple[Any, ...], int]]:
    standing = await db.fetch("SELECT lane, stage, health, members FROM standing_count WHERE members > 0")
    actions = await db.fetch("SELECT lane, rule, kind, state, actions FROM action_count WHERE actions > 0")
    return {
        "standing": {tuple(row)[:-1]: row["members"] for row in standing},
        "actions": {tuple(row)[:-1]: row["actions"] for row in actions},
    }


async def check(db: Database) -> None:
    """Counted is what there is; nobody's timer is later than what they are due for; one row tells each entry."""
    standing = await db.fetch(
        "SELECT lane, stage, health, count(*) FROM member WHERE stage IS NOT NULL GROUP BY 1, 2, 3"
    )
    actions = await db.fetch(
        "SELECT lane, rule, kind, action.state, count(*) FROM action JOIN member USING (member_id) GROUP BY 1, 2, 3, 4"
    )
    assert await counts(db) == {
        "standing": {tuple(row)[:-1]: row["count"] for row in standing},
        "actions": {tuple(row)[:-1]: row["count"] for row in actions},
    }
    late = await db.fetch(
        "SELECT member.member_id FROM member LEFT JOIN member_timer AS timer USING (member_id)"
        " WHERE member.due_at IS NOT NULL AND (timer.due_at IS NULL OR timer.due_at > member.due_at)"
    )
    assert late == []
    for row in await db.fetch("SELECT state, stage, health FROM member"):
        member = decode(row["state"])
        assert member.stands == (row["stage"] is not None)
        assert not member.stands or (member.stage, member.health) == (row["stage"], row["health"])


async def forget(db: Database) -> None:
    """Empty every table, for another history on the same database."""
    async with db.transaction() as uow:
        await uow.execute(f"TRUNCATE {', '.join((*TABLES, *_LOG_TABLES))} RESTART IDENTITY")


def _unasked(member: Member) -> Member:
    slots = tuple(msgspec.structs.replace(slot, effects=()) for slot in member.slots)
    return msgspec.structs.replace(member, slots=slots)


def _is_first(event_id: UUID, envelope: bytes) -> bool:
    event = decode_envelope(envelope)[1]
    return not isinstance(event, ActionRequested) or event_id == uuid5(event.action_id, "ask 1")
