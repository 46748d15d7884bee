"""Lists come in pages: bounded, in the order of their ids, continued by an opaque cursor."""

import base64
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from common.errors import Invalid

USUAL, LARGEST = 50, 200
LARGEST_NUMBER = 2**63 - 1
T = TypeVar("T")


class CursorInvalid(Invalid):
    """The cursor is not one that a list gave."""


class Page(BaseModel, Generic[T]):
    """A part of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="Pass it as `cursor` for what follows; null at the end.")


class PageRequest:
    """Where to continue and how much to give."""

    def __init__(self, cursor: str | None = None, limit: int = USUAL) -> None:
        self.limit = limit
        self._cursor = cursor

    @property
    def after(self) -> UUID | None:
        """The id after which to continue. Raises CursorInvalid."""
        if self._cursor is None:
            return None
        try:
            after: UUID | None = UUID(bytes=base64.urlsafe_b64decode(self._cursor.encode() + b"=="))
        except ValueError:
            after = None
        if after is None or _cursor_to(after) != self._cursor:  # base64 passes over what is not its own
            raise CursorInvalid("cursor: expected the next_cursor of an earlier page")
        return after

    @property
    def after_number(self) -> int:
        """The number after which to continue, for lists in the order of a number; 0 at the start. Raises CursorInvalid."""
        number = self.after.int if self.after else 0
        if number > LARGEST_NUMBER:
            raise CursorInvalid("cursor: expected the next_cursor of an earlier page of this list")
        return number


async def page_request(
    cursor: Annotated[str | None, Query(max_length=100, description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST, description="Most items to give.")] = USUAL,
) -> PageRequest:
    return PageRequest(cursor, limit)


PageQuery = Annotated[PageRequest, Depends(page_request)]


def page(items: Sequence[T], *, limit: int, last_id: UUID | int | None) -> Page[T]:
    """`last_id`: of the last item given; a page that is not full is the end."""
    if len(items) < limit or last_id is None:
        return Page(items=list(items), next_cursor=None)
    last = UUID(int=last_id) if isinstance(last_id, int) else last_id
    return Page(items=list(items), next_cursor=_cursor_to(last))


def _cursor_to(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")
