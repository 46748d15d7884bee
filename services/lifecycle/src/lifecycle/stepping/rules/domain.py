"""Which rules an event or an entered value triggers, now or later, and whom an operator enrols.

Only what a member caused, by an event or by letting time pass, triggers: a publish, a merge or a correction fires nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.event import Event
from common.contracts.lifecycle import Cause
from lifecycle.conditions.expressions.domain import Plain
from lifecycle.engine.domain import Engine
from lifecycle.facts.events.domain import field_of
from lifecycle.members.domain import Member, Pending
from lifecycle.policy.dates.domain import Told
from lifecycle.policy.keys.domain import key_of
from lifecycle.policy.rulebook.domain import Enters, Held, Leaves, Rule
from lifecycle.standing.transitions.domain import Transition


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """A rule whose trigger has come: to be decided upon."""

    rule: Rule
    key: str
    at: datetime
    """Logical time of the trigger."""
    value: str | None = None
    """The value that triggered, and which stay in it; None when an event or a date did."""
    episode: int = 0
    event: dict[str, Plain] = {}
    """The fields of the event that triggered which the rule's condition asks."""
    waited: bool = False
    """Decided upon before, and released now."""
    depth: int = 0
    """Of causation 因果深度: how many events, one the cause of the next, led to it."""


class Orphan(msgspec.Struct, frozen=True):
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


def told_of(engine: Engine, member: Member) -> Told:
    return Told(member.facts, engine.numbers, engine.calendar)


def triggered_by_event(
    engine: Engine, member: Member, event: Event, *, event_id: UUID, depth: int = 0
) -> Iterator[Occasion]:
    """`member`: at the event, with it in their facts."""
    for rule in engine.on_event.get(event.NAME, ()):
        said = {name: value for name in engine.said[rule.id] if (value := field_of(event, name)) is not None}
        key = key_of(rule, told_of(engine, member), natural=str(event_id), at=member.at, event=event)
        yield Occasion(rule=rule, key=key, at=member.at, event=said, depth=depth)


def triggered_by_change(engine: Engine, member: Member, transition: Transition) -> Iterator[Occasion | Pending]:
    """What entering a value triggers, and leaving another."""
    if not is_caused_by_member(transition.cause):
        return
    entered, left = transition.current, transition.previous
    if entered is not None:
        for rule in engine.on_entering.get(entered, ()):
            trigger = rule.trigger
            if not isinstance(trigger, Enters) or not trigger.coming_from or left in trigger.coming_from:
                yield _later(engine, member, rule, entered, transition.episode, transition)
    if left is not None:
        for rule in engine.on_leaving.get(left, ()):
            yield _later(engine, member, rule, left, member.episodes[left].number, transition)


def enrolled(engine: Engine, member: Member, rule: Rule, *, enrolment_id: UUID, at: datetime) -> Occasion:
    """What an operator brings by hand, whatever triggers the rule otherwise; not before the member's own time. A rule on a
    value asks as ever that the member is still in it.
    """
    value = getattr(rule.trigger, "value", None)
    episode = member.episodes.get(value) if value else None
    moment = max(member.at, at)
    return Occasion(
        rule=rule,
        key=key_of(rule, told_of(engine, member), natural=str(enrolment_id), at=moment),
        at=moment,
        value=value,
        episode=episode.number if episode else 0,
    )


def matured(engine: Engine, member: Member) -> Iterator[Occasion | Pending | Orphan]:
    """What each pending rule is by now: its occasion when it is due or its value was left, else pending as before."""
    for pending in member.pending:
        rule = engine.rules.get(pending.rule)
        if rule is None:
            yield Orphan(pending)
        elif pending.due <= member.at or not _stays(engine, member, rule, pending):
            yield _due(engine, member, rule, pending)
        else:
            yield pending


def _stays(engine: Engine, member: Member, rule: Rule, pending: Pending) -> bool:
    if pending.value is None or not waits_still(rule):
        return True
    return is_still(engine, member, rule, pending.value, pending.episode)


def _later(
    engine: Engine, member: Member, rule: Rule, value: str, episode: int, transition: Transition
) -> Occasion | Pending:
    wait = rule.trigger.duration if isinstance(rule.trigger, Held) else getattr(rule.trigger, "settle", None)
    pending = Pending(rule.id, value, episode, transition.at, depth=transition.depth)
    if wait is None:
        return _due(engine, member, rule, pending)
    return msgspec.structs.replace(pending, due=engine.calendar.after(transition.at, wait))


def _due(engine: Engine, member: Member, rule: Rule, pending: Pending) -> Occasion:
    """Its key is found now, unless it waited to be released under one."""
    natural = f"{pending.value}#{pending.episode}"
    return Occasion(
        rule=rule,
        key=pending.key if pending.since else key_of(rule, told_of(engine, member), natural=natural, at=member.at),
        at=pending.since or member.at,
        value=pending.value,
        episode=pending.episode,
        event=pending.event,
        waited=pending.since is not None,
        depth=pending.depth,
    )
