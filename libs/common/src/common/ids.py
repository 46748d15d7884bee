"""Identifiers: UUIDv7, so that rows made later sort later and lists page by id."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()
