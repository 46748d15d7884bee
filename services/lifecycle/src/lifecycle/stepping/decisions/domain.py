"""A decision: whether a rule acts on an occasion, waits, or does not act, and why.

The checks are asked in this order and the first objection counts: re-entry, still true, condition, depth of causation,
refusals, consent, staleness, quiet hours, caps, holdout.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from common.contracts.lifecycle import ActionRequested
from lifecycle.actions.domain import action_id
from lifecycle.engine.domain import Engine
from lifecycle.engine.explanations.domain import explain
from lifecycle.engine.readings.domain import Reading
from lifecycle.members.domain import Member
from lifecycle.stepping.checks.domain import (
    AFTER_CONDITION,
    BEFORE_CONDITION,
    Case,
    Objection,
    Reason,
    drawn_as,
    first_objection,
)
from lifecycle.stepping.rules.domain import Occasion


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    rule: str
    key: str
    at: datetime
    """Logical time of the occasion."""
    version: int = 1
    """Of the policy."""
    reason: Reason | None = None
    """Why not to act; None when the requests are to be carried out."""
    until: datetime | None = None
    """When to decide again, of what waits."""
    attempt: int = 0
    requests: tuple[ActionRequested, ...] = ()
    values: dict[str, Reading] = {}
    """The leaf values of the rule's condition, if it was asked."""
    units: dict[str, str] = {}
    """By the salt of a holdout, the community that the member was drawn as."""
    by: str | None = None
    """The guard that objected, as the policy writes it."""
    depth: int = 0
    """Of causation: that of the occasion."""


def decide(engine: Engine, member: Member, occasion: Occasion, *, gate: datetime) -> Decision:
    case = Case(engine, member, occasion, gate)
    objection, values = _judged(case)
    attempt = 0 if objection else _attempts(case) + 1
    return Decision(
        rule=occasion.rule.id,
        key=occasion.key,
        at=occasion.at,
        version=engine.version,
        reason=objection.reason if objection else None,
        until=objection.until if objection else None,
        by=objection.by if objection else None,
        attempt=attempt,
        requests=() if objection else tuple(_requests(case, attempt)),
        values=values,
        units=drawn_as(case) if objection is None or objection.reason == "held_out" else {},
        depth=occasion.depth,
    )


def _judged(case: Case) -> tuple[Objection | None, dict[str, Reading]]:
    objection = first_objection(BEFORE_CONDITION, case)
    if objection:
        return objection, {}
    explanation = explain(case.occasion.rule.condition, case.situation)
    if not explanation.truth:
        return Objection("condition_false"), explanation.values
    return first_objection(AFTER_CONDITION, case), explanation.values


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
            valid_until=case.valid_until,
            consent=case.sent_as.consent,
        )
