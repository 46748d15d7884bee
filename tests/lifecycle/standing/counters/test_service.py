"""Counts that transactions move, and that two may move at once."""

from functools import partial

import asyncpg
import pytest

from common.db import Database
from common.testing.races import race
from factories.lifecycle import Life
from lifecycle.standing.counters import service
from lifecycle.standing.counters.domain import Counter, Place

pytestmark = pytest.mark.integration

STANDING = Counter("standing_count", ("stage", "health"), "members")
SEGMENTS = Counter("segment_count", ("segment",), "members")
HERE: Place = (3, "convert", "active")
THERE: Place = (4, "convert", "active")


async def counts(db: Database) -> dict[Place, int]:
    return {tuple(row)[:-1]: row["members"] for row in await db.fetch("SELECT * FROM standing_count")}


async def test_places_that_are_new_and_places_that_are_known_are_moved_together(life: Life) -> None:
    for moves in ({HERE: 2}, {HERE: -1, THERE: 5}, {HERE: 3, THERE: 0}, {}):
        async with life.service.db.transaction() as uow:
            await service.move(uow, STANDING, moves)
    assert await counts(life.service.db) == {HERE: 4, THERE: 5}


async def test_less_than_nobody_is_nowhere(life: Life) -> None:
    """A count that would be below zero is a fault of ours, and stops the transaction."""
    with pytest.raises(asyncpg.CheckViolationError):
        async with life.service.db.transaction() as uow:
            await service.move(uow, STANDING, {HERE: -1})
    assert await counts(life.service.db) == {}


async def test_six_who_count_at_once_are_all_counted(life: Life) -> None:
    """Also those who are the first in a place, and whoever moves two counts in one order."""
    works = [partial(service.move, counter=STANDING, moves={HERE: 1, THERE: 2}) for _ in range(3)]
    works += [partial(service.move, counter=SEGMENTS, moves={(3, "keen"): 1}) for _ in range(3)]
    assert await race(life.service.db, *works) == [None] * 6
    assert await counts(life.service.db) == {HERE: 3, THERE: 6}
    found = await life.service.db.fetch("SELECT lane, segment, members FROM segment_count")
    assert [tuple(row) for row in found] == [(3, "keen", 3)]
