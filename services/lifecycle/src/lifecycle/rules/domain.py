"""Which rules an event or an entered value triggers, now or later, and under which key.

Only what a member caused, by an event or by letting time pass, triggers: a publish, a merge or a correction fires nothing.
The key is nothing for `once`, value#episode for a value, the event's id for an event.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from common.contracts.event import Event
from common.contracts.lifecycle import Cause
from lifecycle.calendars.domain import Span
from lifecycle.engine.domain import Engine
from lifecycle.members.domain import Member, Pending
from lifecycle.policy.domain import Enters, Held, Rule
from lifecycle.transitions.domain import Transition


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """A rule whose trigger has come: to be decided upon."""

    rule: Rule
    key: str
    at: datetime
    """Logical time."""
    value: str | None = None
    """The value that triggered, and which stay in it; None when an event did."""
    episode: int = 0
    event: Event | None = None
    """What triggered, when it was one."""


class Withdrawn(msgspec.Struct, frozen=True):
    """What waited for a rule that the policy does not have any more."""

    pending: Pending


def is_still(engine: Engine, member: Member, value: str, episode: int) -> bool:
    """Whether the member has not left that episode of the value."""
    stays = member.standing.get(engine.dimension_of.get(value, "")) == value
    return stays and member.episodes[value].number == episode


def waits_still(rule: Rule) -> bool:
    """Whether leaving the value ends what the rule was waiting for."""
    return rule.still or isinstance(rule.trigger, Held)


def is_caused_by_member(cause: Cause) -> bool:
    return cause in {"event", "time"}


def triggered_by_event(engine: Engine, event: Event, event_id: UUID, at: datetime) -> Iterator[Occasion]:
    for rule in engine.on_event.get(event.NAME, ()):
        yield Occasion(rule=rule, key=_key(rule, str(event_id)), at=at, event=event)


def triggered_by_entry(engine: Engine, transition: Transition) -> Iterator[Occasion | Pending]:
    if transition.current is None or not is_caused_by_member(transition.cause):
        return
    for rule in engine.on_value.get(transition.current, ()):
        match rule.trigger:
            case Enters(settle=None):
                yield _occasion(rule, transition.current, transition.episode, transition.at)
            case Enters(settle=Span() | timedelta() as wait) | Held(duration=wait):
                due = engine.calendar.after(transition.at, wait)
                yield Pending(rule.id, transition.current, transition.episode, due)


def matured(engine: Engine, member: Member) -> Iterator[Occasion | Pending | Withdrawn]:
    """What each pending rule is by now: its occasion when it is due or its value was left, else pending as before."""
    for pending in member.pending:
        rule = engine.rules.get(pending.rule)
        if rule is None:
            yield Withdrawn(pending)
        elif pending.due <= member.at or (
            waits_still(rule) and not is_still(engine, member, pending.value, pending.episode)
        ):
            yield _occasion(rule, pending.value, pending.episode, member.at)
        else:
            yield pending


def _occasion(rule: Rule, value: str, episode: int, at: datetime) -> Occasion:
    return Occasion(rule=rule, key=_key(rule, f"{value}#{episode}"), at=at, value=value, episode=episode)


def _key(rule: Rule, each: str) -> str:
    return "" if rule.reentry == "once" else each
