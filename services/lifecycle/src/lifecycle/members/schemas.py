from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from common.contracts.lifecycle import Cause
from common.http.pages import Page
from lifecycle.actions.schemas import ActionView
from lifecycle.standing.transitions.schemas import TransitionView

T = TypeVar("T")


class OwnStanding(BaseModel):
    """Where a member stands, as they may see it."""

    stage: str
    stage_since: datetime
    health: str
    health_since: datetime


class MetricTotals(BaseModel):
    """What a metric counted of a member, over all time, less what was retracted."""

    count: int
    sum: int = Field(description="Of the metric's summed field; 0 for a metric that sums none.")
    days: int = Field(description="Distinct business days.")
    first_day: date | None
    last_day: date | None


class MemberSummary(OwnStanding):
    """A member in the lifecycle 會員."""

    member_id: UUID
    at: datetime = Field(description="Logical time: what the member has been moved to.")
    version: int = Field(description="Of the policy: the last one that had anything to change for the member.")
    segments: list[str] = Field(description="Those that the member is in 分群, by name.")
    segments_since: dict[str, datetime] = Field(description="Since when they are in each.")
    metrics: dict[str, MetricTotals]


class EpisodeView(BaseModel):
    """The latest stay in a value; `number` counts the entries into it."""

    dimension: str
    value: str
    number: int
    entered_at: datetime
    cause: Cause


class PendingView(BaseModel):
    """A rule that waits for its time in one episode of a value, or to be released."""

    rule: str
    value: str | None = Field(description="null: an event or a date triggered it.")
    episode: int
    due_at: datetime
    since: datetime | None = Field(description="When what waits to be released was triggered.")


class OwnPage(Page[T], Generic[T]):
    """A part of a list of what is a member's own."""

    merged_into: UUID | None = Field(
        description="Who the member is now 已併入: what happened since then is to be asked of that one; null: themselves."
    )


def own_page(part: Page[T], merged_into: UUID | None) -> OwnPage[T]:
    return OwnPage[T](items=part.items, next_cursor=part.next_cursor, merged_into=merged_into)


class IdentityView(BaseModel):
    """An id that a member is known by 身分: their own, or that of who was merged into them."""

    member_id: UUID
    merged_into: UUID | None = Field(description="The member, or another identity of theirs; null: the member's own.")


class MemberView(MemberSummary):
    """A member with what was, what waits and what comes next. Whoever is another now is shown as that one."""

    identities: list[IdentityView] = Field(description="None for who was never merged with another.")

    episodes: list[EpisodeView]
    next_change_at: datetime | None = Field(
        description="When stage, health or a segment changes next if nothing happens; null: never."
    )
    pending: list[PendingView]
    waiting_events: int = Field(description="Events read that wait until every producer's have been read up to them.")
    transitions: list[TransitionView] = Field(description="The latest, newest first.")
    actions: list[ActionView] = Field(description="The latest, newest first.")
