"""A study 研究: what an operator asks of the journal: which draft, which days, which member, at what cost."""

from datetime import date
from uuid import UUID

import msgspec

from lifecycle.policy.domain import Policy
from lifecycle.replays.trials.domain import Order

MOST_DAYS = 400


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`draft`: its text; None: what is published."""

    draft: str | None = None
    first: date | None = None
    last: date | None = None
    only: UUID | None = None
    costs: dict[str, int] = {}


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked, ready to be run."""

    order: Order
    policy: Policy
    currency: str
    entries: int
    """That the journal holds."""
