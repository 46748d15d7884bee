from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.http.fields import Moment
from lifecycle.policy.differences.domain import Difference
from lifecycle.policy.titles.schemas import TitleViews
from lifecycle.publishing.changes.domain import ChangeKind
from lifecycle.publishing.walks.domain import WalkKind
from lifecycle.text.characters.domain import MOST_BYTES
from lifecycle.text.faults.domain import Fault

VersionState = Literal["in_preparation", "abandoned", "scheduled", "in_force", "replaced"]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    note: str = Field("", max_length=500, description="Why, for whoever reads the record of changes.")


class PolicyText(_Asked):
    """A policy 策略 as its YAML text."""

    text: str = Field(min_length=1, max_length=MOST_BYTES)


class PublishOrder(_Asked):
    """When a version takes effect, and what it replaces."""

    replaces: int = Field(
        description="The version that is in force as far as you know: another one by now is a conflict."
    )
    effective_at: Moment | None = Field(None, description="At least 30 seconds ahead; null: 30 seconds from now.")


class ChangeOrder(_Asked):
    """A change with nothing to say but why."""


class FaultView(BaseModel):
    """What is wrong in a policy, and where."""

    path: str
    line: int | None
    column: int | None
    en: str
    zh: str


def fault_view(fault: Fault) -> FaultView:
    place = fault.place
    return FaultView(
        path=fault.path,
        line=place.line if place else None,
        column=place.column if place else None,
        en=fault.message("en"),
        zh=fault.message("zh"),
    )


class Validity(BaseModel):
    """Whether a text is a policy; all that is wrong with it if not."""

    is_valid: bool
    faults: list[FaultView]


class PreparedView(BaseModel):
    """A version in preparation 準備中."""

    version: int
    counted_anew: list[str] = Field(
        description="Metrics and attributes that are counted from the journal before it can be published."
    )


class ScheduledView(BaseModel):
    """A version that was published."""

    version: int
    effective_at: datetime


class VersionSummary(BaseModel):
    """A version of the policy and what became of it."""

    version: int
    state: VersionState
    effective_at: datetime | None


class VersionSummaries(BaseModel):
    """Every version, newest first, and the rules that are paused whatever the version."""

    in_force: int
    paused: list[str]
    items: list[VersionSummary]


class WalkView(BaseModel):
    """How far something over all members has come."""

    kind: WalkKind
    members: int = Field(description="Done so far.")
    of: int = Field(description="All there are now.")
    is_finished: bool


class MovedView(BaseModel):
    """So many members would stand elsewhere."""

    dimension: str
    now: str | None
    then: str | None
    members: int


class DifferenceView(BaseModel):
    """What a version changes, in words."""

    path: str
    en: str
    zh: str


def difference_view(difference: Difference) -> DifferenceView:
    return DifferenceView(path=difference.path, en=difference.told("en"), zh=difference.told("zh"))


class VersionView(VersionSummary):
    """A version with its text, what it would change, and how far what follows from it has come."""

    text: str
    titles: TitleViews
    differences: list[DifferenceView] = Field(description="From the version that is in force now.")
    walks: list[WalkView]
    impact: list[MovedView] = Field(description="Whom it would move, by their facts when they were looked at.")


class ChangeView(BaseModel):
    """Something that an operator changed 變更紀錄."""

    revision: int
    at: datetime
    kind: ChangeKind
    version: int | None
    rule: str | None
    effective_at: datetime | None
    operator_id: UUID | None = Field(description="Null: the installation, or its command line.")
    note: str
