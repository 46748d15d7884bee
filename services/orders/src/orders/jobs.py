"""What has to be asked of payment providers again and again, until they have an answer."""

from datetime import timedelta

from common.db import Database
from common.jobs import Job
from orders.fulfilment import service as fulfilment
from orders.refunds import service as refunds
from orders.resources import Resources


async def ask_providers(db: Database) -> None:
    """Send the refunds that are due, and close the open payments of overdue orders."""
    resources: Resources = db.resources
    await refunds.send_due(db, resources.providers)
    await fulfilment.settle_overdue(db, resources)


JOBS = [Job("payment_providers", timedelta(seconds=5), ask_providers)]
