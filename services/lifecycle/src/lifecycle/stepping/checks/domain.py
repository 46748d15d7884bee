"""What may stop a rule, or make it wait: each check looks at one member and nobody else's state.

They are asked in a fixed order and the first that objects counts. What depends on the moment of sending (quiet hours, caps)
is asked again whenever something is released; the holdout is drawn last, so that those held out would have been sent to.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

import msgspec

from lifecycle.actions.domain import Slot
from lifecycle.engine.domain import Engine
from lifecycle.engine.explanations.domain import explain
from lifecycle.engine.readings.domain import Situation
from lifecycle.members.domain import Member
from lifecycle.policy.caps.domain import biting, free_at
from lifecycle.policy.dates.domain import end_of_day
from lifecycle.policy.guards.domain import SendClass
from lifecycle.policy.holdouts.domain import Holdout, arm_of
from lifecycle.policy.quiet.domain import quiet_until, spread_over
from lifecycle.policy.rulebook.domain import SameDay
from lifecycle.policy.soundness.domain import COMMUNITY, CONSENT
from lifecycle.stepping.rules.domain import Occasion, is_still, told_of, waits_still

Reason = Literal[
    "paused",
    "already_fired",
    "already_waiting",
    "cooling_down",
    "not_still",
    "condition_false",
    "too_deep",
    "refused_by_state",
    "no_consent",
    "stale",
    "quiet_hours",
    "capped",
    "held_out",
    "rule_withdrawn",
    "rule_changed",
    "undone",
]


class Case(msgspec.Struct, frozen=True):
    """All that a check may look at."""

    engine: Engine
    member: Member
    occasion: Occasion
    gate: datetime

    @property
    def slots(self) -> list[Slot]:
        """What the rule did before, except where the answer was a final no, or it was taken back and may come again."""
        rule = self.occasion.rule
        forgotten = {"free", "undone"} if rule.after_undo == "free" else {"free"}
        return [slot for slot in self.member.slots if slot.rule == rule.id and slot.state not in forgotten]

    @property
    def fired(self) -> list[Slot]:
        """Those under the occasion's own key. Each identity counts its stays for itself."""
        occasion = self.occasion
        is_stay = occasion.value is not None and occasion.key == f"{occasion.value}#{occasion.episode}"
        return [slot for slot in self.slots if slot.key == occasion.key and (slot.of is None or not is_stay)]

    @property
    def sent_as(self) -> SendClass:
        name = self.occasion.rule.sent_as
        return self.engine.classes.get(name) or SendClass(name=name)

    @property
    def valid_until(self) -> datetime:
        rule, at = self.occasion.rule, self.occasion.at
        if isinstance(rule.valid_for, SameDay):
            return end_of_day(at, told_of(self.engine, self.member).zone(rule.clock))
        return at + rule.valid_for

    @property
    def unit(self) -> str:
        """What a hash of this occasion is taken of."""
        return f"{self.occasion.rule.id}/{self.member.member_id}/{self.occasion.key}"

    @property
    def situation(self) -> Situation:
        """By now, of what waited."""
        engine, member, occasion = self.engine, self.member, self.occasion
        return Situation(
            facts=member.facts,
            numbers=engine.numbers,
            calendar=engine.calendar,
            at=max(member.at, occasion.at),
            standing=member.standing,
            episodes=member.episodes,
            event=occasion.event,
            holidays=engine.holidays,
            leap_birthday=engine.policy.leap_birthday,
        )


class Objection(msgspec.Struct, frozen=True):
    """Why not to act now. `until`: when to ask again; None when it is final."""

    reason: Reason
    until: datetime | None = None
    by: str | None = None
    """The guard that objects, as the policy writes it."""


Check = Callable[[Case], Objection | None]


def paused(case: Case) -> Objection | None:
    return Objection("paused") if case.occasion.rule.id in case.engine.paused else None


def reentry(case: Case) -> Objection | None:
    occasion, rule = case.occasion, case.occasion.rule
    waiting = [each for each in case.member.pending if each.rule == rule.id and each.since is not None]
    if case.fired:
        return Objection("already_fired")
    if any(each.key == occasion.key for each in waiting):
        return Objection("already_waiting")
    if rule.cooldown_days:
        day_of = case.engine.calendar.day_of
        before = [slot.at for slot in case.slots] + [each.since for each in waiting if each.since]
        if any(abs(day_of(occasion.at) - day_of(at)) < rule.cooldown_days for at in before):
            return Objection("cooling_down")
    return None


def still_true(case: Case) -> Objection | None:
    occasion = case.occasion
    if occasion.value is None or not waits_still(occasion.rule):
        return None
    stays = is_still(case.engine, case.member, occasion.rule, occasion.value, occasion.episode)
    return None if stays else Objection("not_still")


def depth(case: Case) -> Objection | None:
    """Counted in actions: asking for one is a step of causation, and its outcome another."""
    actions = case.occasion.depth // 2 + 1
    return Objection("too_deep") if actions > case.engine.policy.guards.causation_depth else None


def refusals(case: Case) -> Objection | None:
    refuse_if = case.sent_as.refuse_if
    refused = refuse_if is not None and explain(refuse_if, case.situation).truth
    return Objection("refused_by_state") if refused else None


def consent(case: Case) -> Objection | None:
    purpose = case.sent_as.consent
    given = purpose is None or case.situation.attribute(f"{CONSENT}{purpose}") is True
    return None if given else Objection("no_consent")


def staleness(case: Case) -> Objection | None:
    occasion = case.occasion
    late = not occasion.waited and case.gate - occasion.at > occasion.rule.stale_after
    return Objection("stale") if late or case.gate > case.valid_until else None


def quiet_hours(case: Case) -> Objection | None:
    quiet = case.engine.policy.guards.quiet
    if quiet is None or not case.sent_as.quiet:
        return None
    zone = case.situation.zone if quiet.clock == "member" else case.engine.calendar.zone
    end = quiet_until(quiet, case.gate, zone)
    if end is None:
        return None
    release = end + spread_over(quiet.spread, case.unit)
    waits = quiet.then == "defer" and release - case.gate <= quiet.longest
    return _waits(case, "quiet_hours", release if waits else None)


def caps(case: Case) -> Objection | None:
    rule, calendar = case.occasion.rule, case.engine.calendar
    cap = biting(
        case.engine.policy.guards.caps,
        case.member.sends,
        at=case.gate,
        sent_as=rule.sent_as,
        channels=rule.channels,
        priority=rule.priority,
        calendar=calendar,
    )
    if cap is None:
        return None
    until = free_at(cap, case.gate, calendar) if rule.capped == "wait" else None
    return msgspec.structs.replace(_waits(case, "capped", until), by=str(cap))


def holdout(case: Case) -> Objection | None:
    held_out = any(arm_of(each, unit_of(case, each)) == "held_out" for each in holdouts(case))
    return Objection("held_out") if held_out else None


def holdouts(case: Case) -> list[Holdout]:
    """Those that the occasion's rule takes part in."""
    rule, shared = case.occasion.rule, case.engine.policy.guards.holdout
    found = [shared] if shared is not None and case.sent_as.held_out else []
    if rule.held_out:
        found.append(Holdout(salt=rule.id, share=rule.held_out, unit=shared.unit if shared else "member"))
    return found


def drawn_as(case: Case) -> dict[str, str]:
    """By salt, the communities that the member is drawn as: they stay the member's, whichever they join later."""
    return {each.salt: unit_of(case, each) for each in holdouts(case) if each.unit == "community"}


def unit_of(case: Case, holdout: Holdout) -> str:
    """What the member is drawn as; who is in no community is a unit alone."""
    if holdout.unit == "member":
        return str(case.member.member_id)
    drawn = case.member.units.get(holdout.salt)
    return drawn.unit if drawn else str(case.situation.attribute(COMMUNITY) or case.member.member_id)


BEFORE_CONDITION: tuple[Check, ...] = (paused, reentry, still_true)
AFTER_CONDITION: tuple[Check, ...] = (depth, refusals, consent, staleness, quiet_hours, caps, holdout)


def first_objection(checks: tuple[Check, ...], case: Case) -> Objection | None:
    return next((objection for check in checks if (objection := check(case))), None)


def _waits(case: Case, reason: Reason, until: datetime | None) -> Objection:
    """It waits no longer than it is valid."""
    valid = until is not None and until <= case.valid_until
    return Objection(reason, until if valid else None)
