"""A decision: whether a rule acts on an occasion, and if not, why.

The checks are asked in a fixed order and the first reason counts: re-entry, still true, condition, refusals, consent,
staleness, quiet hours, caps, holdout. Those of this version stand in BEFORE_CONDITION and AFTER_CONDITION.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

import msgspec

from common.contracts.lifecycle import ActionRequested
from lifecycle.actions.domain import Slot, action_id
from lifecycle.engine.domain import Engine
from lifecycle.explanations.domain import explain
from lifecycle.members.domain import Member
from lifecycle.policy.domain import Cooldown
from lifecycle.readings.domain import Reading, Situation
from lifecycle.rules.domain import Occasion, is_still, waits_still

Reason = Literal["already_fired", "cooling_down", "not_still", "condition_false", "stale", "rule_withdrawn"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    key: str
    at: datetime
    """Logical time of the occasion."""
    reason: Reason | None = None
    """Why not to act; None when the requests are to be carried out."""
    attempt: int = 0
    requests: tuple[ActionRequested, ...] = ()
    values: dict[str, Reading] = {}
    """The leaf values of the rule's condition, if it was asked."""


class Case(msgspec.Struct, frozen=True):
    """All that a check may look at: one member, nobody else's state."""

    engine: Engine
    member: Member
    occasion: Occasion
    gate: datetime

    @property
    def slots(self) -> list[Slot]:
        """What the rule did before, except where the answer was a final no."""
        return [slot for slot in self.member.slots if slot.rule == self.occasion.rule.id and slot.state != "free"]

    @property
    def situation(self) -> Situation:
        engine, member, occasion = self.engine, self.member, self.occasion
        return Situation(
            facts=member.facts,
            numbers=engine.numbers,
            calendar=engine.calendar,
            at=occasion.at,
            standing=member.standing,
            episodes=member.episodes,
            event=occasion.event,
            holidays=engine.holidays,
            leap_birthday=engine.policy.leap_birthday,
        )


Check = Callable[[Case], Reason | None]


def decide(engine: Engine, member: Member, occasion: Occasion, *, gate: datetime) -> Decision:
    case = Case(engine, member, occasion, gate)
    reason, values = _judged(case)
    attempt = 0 if reason else _attempts(case) + 1
    return Decision(
        rule=occasion.rule.id,
        key=occasion.key,
        at=occasion.at,
        reason=reason,
        attempt=attempt,
        requests=() if reason else tuple(_requests(case, attempt)),
        values=values,
    )


def _judged(case: Case) -> tuple[Reason | None, dict[str, Reading]]:
    reason = _first(BEFORE_CONDITION, case)
    if reason:
        return reason, {}
    explanation = explain(case.occasion.rule.condition, case.situation)
    return _first(AFTER_CONDITION, case) if explanation.truth else "condition_false", explanation.values


def _first(checks: tuple[Check, ...], case: Case) -> Reason | None:
    return next((reason for check in checks if (reason := check(case))), None)


def _reentry(case: Case) -> Reason | None:
    reentry, occasion = case.occasion.rule.reentry, case.occasion
    if any(slot.key == occasion.key for slot in case.slots):
        return "already_fired"
    if isinstance(reentry, Cooldown):
        day_of = case.engine.calendar.day_of
        if any(day_of(occasion.at) - day_of(slot.at) < reentry.days for slot in case.slots):
            return "cooling_down"
    return None


def _still_true(case: Case) -> Reason | None:
    occasion = case.occasion
    if occasion.value is None or not waits_still(occasion.rule):
        return None
    return None if is_still(case.engine, case.member, occasion.value, occasion.episode) else "not_still"


def _staleness(case: Case) -> Reason | None:
    rule = case.occasion.rule
    late = case.gate - case.occasion.at
    return "stale" if late > min(rule.stale_after, rule.valid_for) else None


def _attempts(case: Case) -> int:
    occasion = case.occasion
    earlier = (slot for slot in case.member.slots if slot.rule == occasion.rule.id and slot.key == occasion.key)
    return max((slot.attempt for slot in earlier), default=0)


def _requests(case: Case, attempt: int) -> Iterator[ActionRequested]:
    rule, key, member_id = case.occasion.rule, case.occasion.key, case.member.member_id
    for index, action in enumerate(rule.actions):
        yield ActionRequested(
            action_id=action_id(rule=rule.id, member_id=member_id, key=key, attempt=attempt, index=index),
            member_id=member_id,
            rule=rule.id,
            key=key,
            attempt=attempt,
            action=action,
            valid_until=case.occasion.at + rule.valid_for,
        )


BEFORE_CONDITION: tuple[Check, ...] = (_reentry, _still_true)
AFTER_CONDITION: tuple[Check, ...] = (_staleness,)
