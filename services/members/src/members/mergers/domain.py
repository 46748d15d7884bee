"""Mergers 會員合併: two accounts turn out to be one person's. The older one is the root; equal moments go by id.

Each account still signs in as itself and keeps what it was given: coupons are spent, and points counted, under the id that they
were issued to, so that no other service has to agree, and a mistake is undone without moving anything. What the person is to the
shop, lifecycle tells from both.
"""

from datetime import datetime
from uuid import UUID

Account = tuple[datetime, UUID]
"""When it was registered, and its id."""


def root_and_other(one: Account, other: Account) -> tuple[Account, Account]:
    return (one, other) if one < other else (other, one)
