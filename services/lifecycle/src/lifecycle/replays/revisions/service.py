"""What was in force at each revision that a journal names."""

from common.db import Database, UnitOfWork
from lifecycle.publishing.versions.domain import Versions
from lifecycle.publishing.versions.service import VersionCache
from lifecycle.replays.domain import foreseen


class Revisions:
    def __init__(self, now: Versions) -> None:
        self.now = now
        self._cache = VersionCache()
        self._known: dict[int, Versions] = {}

    async def at(self, reader: Database | UnitOfWork, revision: int) -> Versions:
        if revision not in self._known:
            self._known[revision] = foreseen(await self._cache.at(reader, revision), self.now)
        return self._known[revision]


async def revisions(reader: Database | UnitOfWork) -> Revisions:
    return Revisions(await VersionCache().now(reader))
