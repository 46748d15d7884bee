"""Surveys 統計: what a policy did with the members of a lane, counted. Those of several lanes add up."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Literal
from uuid import UUID

import msgspec

from common.contracts.lifecycle import Action, AssignTask, CallWebhook, Cause, GrantPoints, IssueCoupon
from lifecycle.engine.domain import Engine
from lifecycle.engine.readings.domain import Reading
from lifecycle.members.domain import decode
from lifecycle.receipts.domain import is_counted, outcome
from lifecycle.replays.domain import Happened, Population
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision

SAMPLES = 12
"""Members whose whole timeline is kept."""
LONGEST = 200
"""Moments of one timeline."""

ActionOf = Literal["coupon", "points", "message", "task", "webhook"]


class Moment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a member's timeline: they moved, or a rule was decided on."""

    at: datetime
    dimension: str | None = None
    previous: str | None = None
    current: str | None = None
    cause: Cause | None = None
    rule: str | None = None
    outcome: str | None = None
    until: datetime | None = None
    by: str | None = None
    values: dict[str, Reading] = {}


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    member_id: UUID
    moments: list[Moment]


class Survey(msgspec.Struct, kw_only=True):
    moves: Counter[tuple[int, str, str | None, str | None]] = msgspec.field(default_factory=Counter)
    """(business day, dimension, from, to) → how many times."""
    decided: Counter[tuple[int, str, str, str | None]] = msgspec.field(default_factory=Counter)
    """(business day, rule, outcome, guard) → how many times; the day is that of the gate."""
    asked: Counter[tuple[int, str, ActionOf, str, int]] = msgspec.field(default_factory=Counter)
    """(business day, rule, action, what of it, points) → how many times."""
    arms: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    """(rule, arm) → members for whom it came so far."""
    stands: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    """(dimension, value) → members, in the end."""
    members: int = 0
    timelines: list[Timeline] = []


def added(surveys: Iterable[Survey]) -> Survey:
    total = Survey()
    for survey in surveys:
        for name in ("moves", "decided", "asked", "arms", "stands"):
            getattr(total, name).update(getattr(survey, name))
        total.members += survey.members
        total.timelines = sorted([*total.timelines, *survey.timelines], key=lambda each: rank(each.member_id))[:SAMPLES]
    return total


class Surveyor:
    """Counts a lane. `since`: what came before, by the gate clock, is not counted."""

    def __init__(self, engine: Engine, *, since: datetime | None = None, only: UUID | None = None) -> None:
        self.survey = Survey()
        self._day_of = engine.calendar.day_of
        self._since = since
        self._only = only
        self._sample: dict[UUID, list[Moment]] = {}

    def add(self, happened: Happened) -> None:
        stepped = happened.step.stepped
        if stepped.member.is_erased and happened.member_id in self._sample:
            self._sample[happened.member_id] = []
        if not (stepped.transitions or stepped.decisions):
            return
        if self._since is None or happened.gate >= self._since:
            self._count(happened)
        moments = self._timeline(happened)
        if moments is not None and len(moments) < LONGEST:
            moments += [_moved(transition) for transition in stepped.transitions]
            moments += [_decided(decision) for decision in stepped.decisions if not is_counted(decision)]

    def end(self, population: Population) -> Survey:
        """With where everybody stands in the end, and what rules came to for them."""
        survey = self.survey
        standing = [member for state in population.states.values() if (member := decode(state)).stands]
        for member in standing:
            survey.stands.update(member.standing.items())
            slots = (slot for slot in member.slots if self._since is None or slot.at >= self._since)
            survey.arms.update({(slot.rule, "held_out" if slot.state == "held_out" else "treated") for slot in slots})
        survey.members = len(standing)
        survey.timelines = [
            Timeline(member_id=member_id, moments=moments) for member_id, moments in sorted(self._sample.items())
        ]
        return survey

    def _count(self, happened: Happened) -> None:
        survey, stepped = self.survey, happened.step.stepped
        for each in stepped.transitions:
            survey.moves[self._day_of(each.at), each.dimension, each.previous, each.current] += 1
        if not stepped.decisions:
            return
        day = self._day_of(happened.gate)
        for decision in stepped.decisions:
            survey.decided[day, decision.rule, outcome(decision), decision.by] += 1
            for request in decision.requests:
                survey.asked[(day, decision.rule, *described(request.action))] += 1

    def _timeline(self, happened: Happened) -> list[Moment] | None:
        """Of the members whose ids rank lowest: a fair choice, known when a member is first seen."""
        member_id, sample = happened.member_id, self._sample
        if member_id in sample:
            return sample[member_id]
        is_new = any(each.previous is None and each.dimension == "stage" for each in happened.step.stepped.transitions)
        if not is_new or self._only not in {None, member_id}:
            return None
        if len(sample) == SAMPLES:
            last = max(sample, key=rank)
            if rank(last) < rank(member_id):
                return None
            del sample[last]
        sample[member_id] = []
        return sample[member_id]


def rank(member_id: UUID) -> bytes:
    return blake2b(member_id.bytes, digest_size=8).digest()


def described(action: Action) -> tuple[ActionOf, str, int]:
    """(kind, what of it, points)."""
    match action:
        case IssueCoupon(template=template):
            return "coupon", template, 0
        case GrantPoints(points=points, reason=reason):
            return "points", reason, points
        case AssignTask(team=team):
            return "task", team, 0
        case CallWebhook(endpoint=endpoint):
            return "webhook", endpoint, 0
        case _:
            return "message", action.template, 0


def days_of(surveys: Iterable[Survey]) -> Iterator[int]:
    for survey in surveys:
        for counted in (survey.moves, survey.decided):
            yield from (place[0] for place in counted)


def _moved(each: Transition) -> Moment:
    return Moment(
        at=each.at,
        dimension=each.dimension,
        previous=each.previous,
        current=each.current,
        cause=each.cause,
        values=each.values,
    )


def _decided(decision: Decision) -> Moment:
    return Moment(
        at=decision.at,
        rule=decision.rule,
        outcome=outcome(decision),
        until=decision.until,
        by=decision.by,
        values=decision.values,
    )
