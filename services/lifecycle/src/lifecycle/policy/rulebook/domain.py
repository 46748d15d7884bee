"""A rule 規則 as it is written: what triggers it, what must hold, how often it may come again, what is done then."""

from datetime import timedelta
from typing import Annotated, Literal

import msgspec

from common.contracts.event import Code
from common.contracts.lifecycle import Action, SendMessage
from lifecycle.calendars.domain import Duration
from lifecycle.conditions.expressions.domain import Always, Condition
from lifecycle.policy.caps.domain import Priority
from lifecycle.policy.dates.domain import Clock, DaysAfter, Scheduled, Yearly
from lifecycle.policy.holdouts.domain import BUCKETS
from lifecycle.text.labels.domain import Label

SERVICE = "service"
"""The class of what a member is owed rather than offered."""


class Enters(msgspec.Struct, frozen=True, tag="enters", tag_field="trigger"):
    """A member enters a value, from one of some others if any are named; with `settle`, that much later."""

    value: str
    settle: Duration | None = None
    coming_from: tuple[str, ...] = ()


class Leaves(msgspec.Struct, frozen=True, tag="leaves", tag_field="trigger"):
    """A member leaves a value; with `settle`, that much later, unless they are back."""

    value: str
    settle: Duration | None = None


class Held(msgspec.Struct, frozen=True, tag="held", tag_field="trigger"):
    """A member has been in a value for so long without a break."""

    value: str
    duration: Duration


class On(msgspec.Struct, frozen=True, tag="on", tag_field="trigger"):
    event: str


class Enrolment(msgspec.Struct, frozen=True, tag="enrolment", tag_field="trigger"):
    """An operator enrols a member 登記; nothing else triggers it."""


class Cooldown(msgspec.Struct, frozen=True, tag="cooldown", tag_field="reentry"):
    """Each time, but not within so many business days of the last."""

    days: Annotated[int, msgspec.Meta(ge=1)]


class Per(msgspec.Struct, frozen=True, tag="per", tag_field="reentry"):
    """Once for each value of these: fields of the event, or measures of metrics (`checkins.streak`)."""

    fields: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    cooldown: Annotated[int, msgspec.Meta(ge=1)] | None = None


class EachYear(msgspec.Struct, frozen=True, tag="each_year", tag_field="reentry"):
    """Once a calendar year."""

    cooldown: Annotated[int, msgspec.Meta(ge=1)] | None = None


class SameDay(msgspec.Struct, frozen=True, tag="same_day", tag_field="validity"):
    """Until the day of the trigger ends, by the trigger's clock."""


class Undo(msgspec.Struct, frozen=True):
    """What the rule did is taken back when the member leaves this value; with `by`, only when that event made them."""

    leaves: str
    by: str | None = None


Trigger = Enters | Leaves | Held | On | DaysAfter | Yearly | Scheduled | Enrolment
Reentry = Literal["once", "each"] | Cooldown | Per | EachYear


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    id: Code
    """Permanent: keys and action ids are made of it."""
    trigger: Trigger
    actions: Annotated[tuple[Action, ...], msgspec.Meta(min_length=1)]
    condition: Condition = Always()
    reentry: Reentry = "once"
    still: bool = True
    """Act only if the member is still in the value that triggered; `held` asks for it by its meaning."""
    stale_after: timedelta = timedelta(hours=24)
    """How far behind the gate clock a trigger may be found and still be acted on."""
    valid_for: timedelta | SameDay = timedelta(hours=48)
    """How long after its trigger an action may still be carried out; what waits is given up then."""
    sent_as: Code = SERVICE
    """The class whose guards it passes."""
    capped: Literal["wait", "drop"] = "wait"
    """What a full cap means for it."""
    held_out: Annotated[int, msgspec.Meta(ge=0, le=BUCKETS)] = 0
    """The share of units, in 10,000ths, for whom this rule does nothing; its id is the salt."""
    priority: Priority = 50
    undo: Undo | None = None
    after_undo: Literal["spent", "free"] = "spent"
    """Whether it may act again under a key whose actions were taken back."""
    title: Label | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that its actions use."""
        return tuple(dict.fromkeys(action.channel for action in self.actions if isinstance(action, SendMessage)))

    @property
    def longest_validity(self) -> timedelta:
        """What is carried out comes no later than this after its trigger; a local day may have an hour more."""
        return timedelta(hours=25) if isinstance(self.valid_for, SameDay) else self.valid_for

    @property
    def clock(self) -> Clock:
        """By whose days it counts."""
        return self.trigger.clock if isinstance(self.trigger, DaysAfter | Yearly | Scheduled) else "business"

    @property
    def cooldown_days(self) -> int | None:
        match self.reentry:
            case Cooldown(days) | Per(_, days) | EachYear(days):
                return days
        return None

    @property
    def keeps_keys(self) -> bool:
        """Whether a key may come again long after, or be taken back, so that all of them are remembered."""
        again = isinstance(self.trigger, Yearly) or (
            isinstance(self.trigger, DaysAfter) and self.trigger.edge == "first"
        )
        return again or isinstance(self.reentry, Per | EachYear) or self.undo is not None
