"""Which rules an event or an entered value triggers, now or later, and under which key.

Only what a member caused, by an event or by letting time pass, triggers: a publish, a merge or a correction fires nothing.
The key is nothing for `once`, value#episode for a value, the event's id, or fields of it, for an event.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.event import Event
from common.contracts.lifecycle import Cause
from lifecycle.engine.domain import Engine
from lifecycle.events.domain import field_of
from lifecycle.expressions.domain import Plain
from lifecycle.members.domain import Member, Pending
from lifecycle.rulebook.domain import Enters, Held, Leaves, Per, Rule
from lifecycle.transitions.domain import Transition


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """A rule whose trigger has come: to be decided upon."""

    rule: Rule
    key: str
    at: datetime
    """Logical time of the trigger."""
    value: str | None = None
    """The value that triggered, and which stay in it; None when an event did."""
    episode: int = 0
    event: dict[str, Plain] = {}
    """The fields of the event that triggered which the rule's condition asks."""
    waited: bool = False
    """Decided upon before, and released now."""


class Withdrawn(msgspec.Struct, frozen=True):
    """What waited for a rule that the policy does not have any more."""

    pending: Pending


def is_still(engine: Engine, member: Member, rule: Rule, value: str, episode: int) -> bool:
    """Whether the member has not left that episode of the value; for a rule on leaving it, not come back."""
    stays = member.standing.get(engine.dimension_of.get(value, "")) == value
    wanted = not isinstance(rule.trigger, Leaves)
    return stays is wanted and value in member.episodes and member.episodes[value].number == episode


def waits_still(rule: Rule) -> bool:
    """Whether leaving the value ends what the rule was waiting for."""
    return rule.still or isinstance(rule.trigger, Held)


def is_caused_by_member(cause: Cause) -> bool:
    return cause in {"event", "time"}


def triggered_by_event(engine: Engine, event: Event, event_id: UUID, at: datetime) -> Iterator[Occasion]:
    for rule in engine.on_event.get(event.NAME, ()):
        said = {name: value for name in engine.said[rule.id] if (value := field_of(event, name)) is not None}
        yield Occasion(rule=rule, key=_event_key(rule, event, event_id), at=at, event=said)


def triggered_by_change(engine: Engine, member: Member, transition: Transition) -> Iterator[Occasion | Pending]:
    """What entering a value triggers, and leaving another."""
    if not is_caused_by_member(transition.cause):
        return
    entered, left = transition.current, transition.previous
    if entered is not None:
        for rule in engine.on_entering.get(entered, ()):
            trigger = rule.trigger
            if not isinstance(trigger, Enters) or not trigger.coming_from or left in trigger.coming_from:
                yield _later(engine, rule, entered, transition.episode, transition.at)
    if left is not None:
        for rule in engine.on_leaving.get(left, ()):
            yield _later(engine, rule, left, member.episodes[left].number, transition.at)


def matured(engine: Engine, member: Member) -> Iterator[Occasion | Pending | Withdrawn]:
    """What each pending rule is by now: its occasion when it is due or its value was left, else pending as before."""
    for pending in member.pending:
        rule = engine.rules.get(pending.rule)
        if rule is None:
            yield Withdrawn(pending)
        elif pending.due <= member.at or not _stays(engine, member, rule, pending):
            yield _due(rule, pending, member.at)
        else:
            yield pending


def _stays(engine: Engine, member: Member, rule: Rule, pending: Pending) -> bool:
    if pending.value is None or not waits_still(rule):
        return True
    return is_still(engine, member, rule, pending.value, pending.episode)


def _later(engine: Engine, rule: Rule, value: str, episode: int, at: datetime) -> Occasion | Pending:
    wait = rule.trigger.duration if isinstance(rule.trigger, Held) else getattr(rule.trigger, "settle", None)
    if wait is None:
        return Occasion(rule=rule, key=_value_key(rule, value, episode), at=at, value=value, episode=episode)
    return Pending(rule.id, value, episode, engine.calendar.after(at, wait))


def _due(rule: Rule, pending: Pending, at: datetime) -> Occasion:
    waited = pending.since is not None
    key = pending.key if pending.since or pending.value is None else _value_key(rule, pending.value, pending.episode)
    return Occasion(
        rule=rule,
        key=key,
        at=pending.since or at,
        value=pending.value,
        episode=pending.episode,
        event=pending.event,
        waited=waited,
    )


def _value_key(rule: Rule, value: str, episode: int) -> str:
    return "" if rule.reentry == "once" else f"{value}#{episode}"


def _event_key(rule: Rule, event: Event, event_id: UUID) -> str:
    match rule.reentry:
        case "once":
            return ""
        case Per(fields):
            return "/".join(str(getattr(event, field)) for field in fields)
        case _:
            return str(event_id)
