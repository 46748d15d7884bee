"""A timeline 時間線: what happened to a member, what was decided and what was asked for, in one order, the latest first.

By the moment of each, then its kind, then its number: that order is total, so that a page goes on where the last one ended.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

import msgspec

Kind = Literal["transition", "decision", "action"]
KINDS: tuple[Kind, ...] = get_args(Kind)

LARGEST = 2**62 - 1
_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Mark(msgspec.Struct, frozen=True, order=True):
    """A place in that order."""

    moment: datetime
    rank: int
    """Of the kind."""
    number: int


def mark(moment: datetime, kind: Kind, number: int) -> Mark:
    return Mark(moment, KINDS.index(kind), number)


def before(end: Mark | None, kind: Kind) -> tuple[datetime | None, int]:
    """What of a kind stands before a mark: all whose (moment, number) is less than this."""
    if end is None:
        return None, 0
    rank = KINDS.index(kind)
    return end.moment, end.number if rank == end.rank else LARGEST if rank < end.rank else 0


def as_id(end: Mark) -> UUID:
    """As the cursor of a list."""
    return UUID(int=((end.moment - _START) // _MICROSECOND << 64) | (end.rank << 62) | end.number)


def from_id(cursor: UUID) -> Mark | None:
    """None: it is no mark."""
    rank, micros = cursor.int >> 62 & 3, cursor.int >> 64
    try:
        return Mark(_START + micros * _MICROSECOND, rank, cursor.int & LARGEST) if rank < len(KINDS) else None
    except OverflowError:
        return None
