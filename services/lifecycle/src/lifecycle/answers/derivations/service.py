"""Reading the journal for one member."""

from uuid import UUID

from common.bus.lanes import lane_of
from common.db import Database
from lifecycle.answers.derivations.domain import Derivation
from lifecycle.journal import service as journal
from lifecycle.publishing.versions.domain import Versions
from lifecycle.publishing.versions.service import VersionCache
from lifecycle.replays.domain import foreseen


async def derive(db: Database, cache: VersionCache, member_id: UUID) -> Derivation:
    """From the first entry of the journal on. It reads all that may speak of the member: for a person, not for a page."""
    latest = await cache.now(db)
    then: dict[int, Versions] = {}
    derivation = Derivation(member_id, lane_of(str(member_id)))
    async for entry in journal.read(db, derivation.lane, subject=member_id):
        if entry.revision not in then:
            then[entry.revision] = foreseen(await cache.at(db, entry.revision), latest)
        derivation.take(entry, then[entry.revision])
    return derivation
