"""What is taken of a delivery of chat messages, and what is counted of it."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

AHEAD = timedelta(minutes=5)
BEHIND = timedelta(days=30)


def timely(sent_at: datetime, now: datetime) -> bool:
    """Whether a message's own time can be: not from the future, and not so old that nobody is told of it now."""
    return now - BEHIND <= sent_at <= now + AHEAD


def count_by_sender(stored: Iterable[tuple[UUID, UUID | None]]) -> dict[tuple[UUID, UUID], int]:
    """(community, member) of each new message → how many, for members; in the order of first appearance."""
    return dict(Counter((community_id, member_id) for community_id, member_id in stored if member_id is not None))
