"""Walks, carried on between the batches of the worker whose lanes they are in, a stretch at a time."""

from collections.abc import Collection
from time import monotonic

import structlog

from common.bus.poison import is_poison
from common.db import Database
from lifecycle.errors import WalkTaken
from lifecycle.publishing.backfills.service import Backfill
from lifecycle.publishing.enrolments import service as enrolments
from lifecycle.publishing.impacts import service as impacts
from lifecycle.publishing.sweeps import service as sweeps
from lifecycle.publishing.walks import service as walks
from lifecycle.publishing.walks.domain import Walk
from lifecycle.resources import Resources

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked for walks that have begun."""


class Walking:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._looked_at: float | None = None
        self._backfills: dict[tuple[str, int], Backfill] = {}

    async def __call__(self, lanes: Collection[int]) -> bool:
        """Carry one walk on by one stretch. True: there is more to do now."""
        if self._looked_at is not None and monotonic() - self._looked_at < LOOK_SECONDS:
            return False
        for walk in await walks.unfinished(self._db, lanes):
            try:
                if await self._advanced(walk):
                    return True
            except WalkTaken:
                self._backfills.pop((walk.what_for, walk.lane), None)
            except Exception as error:
                if not is_poison(error):
                    raise
                resources: Resources = self._db.resources
                resources.metrics.walk_failures.inc()
                log.exception("walk stands still", what_for=walk.what_for, kind=walk.kind, lane=walk.lane)
        self._looked_at = monotonic()
        return False

    async def _advanced(self, walk: Walk) -> bool:
        """False: it cannot go on yet."""
        match walk.kind:
            case "sweep":
                return await sweeps.advance(self._db, walk)
            case "enrolment":
                return await enrolments.advance(self._db, walk)
            case "backfill":
                await self._fill(walk)
            case "impact":
                await impacts.advance(self._db, walk)
        return True

    async def _fill(self, walk: Walk) -> None:
        place = walk.what_for, walk.lane
        if place not in self._backfills:
            self._backfills[place] = await Backfill.begin(self._db, walk)
        backfill = self._backfills.pop(place)  # after a failure what was written is known by the walk alone
        await backfill.advance(self._db, walk)
        if not backfill.is_done:
            self._backfills[place] = backfill
