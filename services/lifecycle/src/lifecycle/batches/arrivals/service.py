"""What was forwarded to members of some lanes is taken in, as what is read from a log is: in one transaction, culprits apart."""

from collections.abc import Collection

import structlog

from common.bus.locks import lock_lanes
from common.bus.poison import is_poison
from common.bus.processing import TooMuchPoison, process
from common.bus.records import Handlers
from common.db import Database
from lifecycle.batches.handlers import step_members
from lifecycle.facts.events.domain import FORWARDED
from lifecycle.identities.forwarding import service as forwarding

log = structlog.get_logger(__name__)

LARGEST = 500
"""Events that one transaction takes in."""
HANDLERS = Handlers(dict.fromkeys(FORWARDED, step_members), ordered=False)


async def deliver(db: Database, lanes: Collection[int]) -> int:
    """Take in all that is on its way to these lanes; how much. More culprits than a batch may have stay, and hold time."""
    taken = 0
    while await forwarding.oldest(db, lanes, limit=1):
        try:
            taken += await _take(db, lanes, bisect=False)
        except Exception as error:
            if not is_poison(error):
                raise
            try:
                taken += await _take(db, lanes, bisect=True)
            except TooMuchPoison:
                log.exception("forwarded events stay")
                return taken
    return taken


async def _take(db: Database, lanes: Collection[int], *, bisect: bool) -> int:
    async with db.transaction() as uow:
        await lock_lanes(uow, uow.service, lanes)
        rows = await forwarding.oldest(uow, lanes, limit=LARGEST)
        await process(uow, rows, handlers=HANDLERS, group=uow.service, bisect=bisect, letters_open=False)
        await forwarding.arrived(uow, rows)
    return len(rows)
