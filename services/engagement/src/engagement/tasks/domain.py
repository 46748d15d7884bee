"""Tasks 待辦 for the shop's teams."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

State = Literal["open", "taken", "done", "given_up", "withdrawn"]
Ending = Literal["done", "given_up"]
LONGEST = timedelta(days=366)
"""From asking for a task to the end of its time; more is a mistake."""


class NewTask(NamedTuple):
    """A task to be opened; by hand when no action asked for it."""

    id: UUID
    member_id: UUID
    team: str
    due_at: datetime
    action_id: UUID | None = None
    rule: str | None = None
    note: str = ""


def due_after(asked_at: datetime, *, minutes: int) -> datetime:
    """Raises ValueError for a task that is due after more than a year."""
    if minutes > LONGEST / timedelta(minutes=1):
        raise ValueError(f"a task is due {minutes} minutes after it is asked for; at most {LONGEST.days} days")
    return asked_at + timedelta(minutes=minutes)
