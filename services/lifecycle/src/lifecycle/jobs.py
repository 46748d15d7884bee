"""Lifecycle's periodic work."""

from datetime import timedelta

from common.db import Database
from common.jobs import Job
from lifecycle.batches.timers import service as timers
from lifecycle.identities.forwarding import service as forwarding
from lifecycle.receipts import service as receipts
from lifecycle.resources import Resources
from lifecycle.standing import service as standing
from lifecycle.stepping.waiting import service as waiting


async def arm_timers(db: Database) -> None:
    """Arm whoever has lost their timer; there is no way to lose one but a restore or a hand in the tables."""
    resources: Resources = db.resources
    await timers.arm_all(db, alarm=resources.alarm)


async def show_counts(db: Database) -> None:
    """Tell the metrics what the database counts."""
    resources: Resources = db.resources
    counts = await standing.counts(db)
    policy = (await resources.versions.engine_at(db, db.clock.now())).policy
    resources.metrics.show_members(standing.totals(counts, policy))
    resources.metrics.waiting.set(await waiting.count(db))
    resources.metrics.forwarded.set(await forwarding.count(db))


async def forget_receipts(db: Database) -> None:
    """Forget receipts of before the days that they are kept for. The journal still has what they follow from."""
    resources: Resources = db.resources
    calendar = (await resources.versions.engine_at(db, db.clock.now())).calendar
    await receipts.prune(db, before=db.clock.now() - resources.keep_receipts, calendar=calendar)


JOBS = (
    Job("arm_timers", timedelta(hours=1), arm_timers),
    Job("counts", timedelta(seconds=5), show_counts),
    Job("receipts", timedelta(hours=1), forget_receipts),
)
