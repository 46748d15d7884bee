"""Any number of members in the tables, each of whom has lived by the shipped policy until now, without playing all their lives.

Some lives are played; every member has one of them under an id of their own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import click

from benchmarks.lifecycle.living import GAP, NOBODY, VERSIONS, answered, history
from common.bus.lanes import lane_of
from common.db import Database
from common.ids import new_id
from lifecycle.members.domain import Member, encode
from lifecycle.stepping.domain import wake, wake_at

EVENTS = (1, 3, 10, 30, 100)
"""That a life has had so far, each as often as the others."""
LIVES = 40
"""Of each."""
AT_ONCE = 50_000

_COUNTS = """
INSERT INTO standing_count (lane, stage, health, members)
SELECT lane, stage, health, count(*) FROM member GROUP BY lane, stage, health;
INSERT INTO segment_count (lane, segment, members)
SELECT lane, segment, count(*) FROM segment_member JOIN member USING (member_id) GROUP BY lane, segment;
"""


class Life(NamedTuple):
    """`state`: the bytes of a member who lived so, before and behind their id."""

    member: Member
    state: tuple[bytes, bytes]
    due_at: datetime | None


async def settle(db: Database, members: int, *, now: datetime) -> list[UUID]:
    """Fill the tables of a new installation; who lives there."""
    lives = [_life(events, seed, now) for seed in range(LIVES) for events in EVENTS]
    everybody = [new_id() for _ in range(members)]
    with click.progressbar(length=members, label=f"{members:,} members", show_pos=True) as bar:
        for start in range(0, members, AT_ONCE):
            some = everybody[start : start + AT_ONCE]
            await _copy(db, some, lives)
            bar.update(len(some))
    await db.pool.execute(_COUNTS)
    await db.pool.execute("VACUUM (ANALYZE) member, member_timer, segment_member")
    return everybody


def _life(events: int, seed: int, now: datetime) -> Life:
    """Sixteen hours between two events, and as many since the last one at the least."""
    lived = history(events, seed=seed, start=now - 1.1 * GAP * (events + 1))
    stepped = wake(VERSIONS, lived, up_to=now, gate=now)
    member = stepped.member
    for request in (request for decision in stepped.decisions for request in decision.requests):
        member = answered(member, request, now)
    before, _, behind = encode(member).partition(NOBODY.bytes)
    return Life(member, (before, behind), wake_at(member))


async def _copy(db: Database, some: Sequence[UUID], lives: Sequence[Life]) -> None:
    placed = [(member_id, lane_of(str(member_id)), lives[n % len(lives)]) for n, member_id in enumerate(some)]
    rows: dict[str, tuple[Sequence[str], list[tuple[object, ...]]]] = {
        "member": (
            ("member_id", "lane", "state", "stage", "health", "due_at", "version"),
            [
                (each, lane, each.bytes.join(life.state), life.member.stage, life.member.health, life.due_at, 1)
                for each, lane, life in placed
            ],
        ),
        "member_timer": (
            ("member_id", "lane", "due_at"),
            [(each, lane, life.due_at) for each, lane, life in placed if life.due_at],
        ),
        "segment_member": (
            ("member_id", "segment", "since"),
            [
                (each, segment, life.member.episodes[segment].entered_at)
                for each, _, life in placed
                for segment in life.member.segments
            ],
        ),
    }
    for table, (columns, records) in rows.items():
        await db.pool.copy_records_to_table(table, schema_name=db.service, columns=columns, records=records)
