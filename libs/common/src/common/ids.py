"""Identifiers: UUIDv7, so that rows made later sort later and lists page by id."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


LOWEST, HIGHEST = UUID(int=0), UUID(int=2**128 - 1)
"""Where a list begins that is in the order of its ids, or in the reverse. Never `$1 IS NULL OR id > $1`: PostgreSQL may plan
that once for any `$1`, and then reads each page from the beginning of the table.
"""
