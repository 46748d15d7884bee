"""Expenses 花費: the most that each rule, and all of them, can give to one member in a month, and to today's members.

A rule's times are bounded by whatever allows the fewest: its re-entry, how long its trigger takes, how often its event comes,
the caps of its class. A month has 31 days; what was triggered before it and is still valid falls into it, too. Of all rules
that one cap limits, the dearest are counted until it is full. A holdout by member takes its share of the total, as it does of
very many members; one by community may hit any, and takes nothing.
"""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from math import ceil, prod
from typing import Literal, get_args, get_origin, get_type_hints

import msgspec

from common.contracts.lifecycle import GrantPoints, IssueCoupon, SendMessage
from lifecycle.calendars.domain import Duration
from lifecycle.conditions.expressions.domain import shown
from lifecycle.facts.events.domain import DAILY, EVENTS, ONCE_EVER
from lifecycle.inspections.bottlenecks.domain import limits, places
from lifecycle.inspections.circumstances.domain import Circumstances
from lifecycle.inspections.worlds.domain import shortest
from lifecycle.policy.caps.domain import Cap, Period
from lifecycle.policy.domain import Policy
from lifecycle.policy.holdouts.domain import BUCKETS
from lifecycle.policy.renderings.domain import rendered
from lifecycle.policy.rulebook.domain import Cooldown, Enters, Held, Leaves, On, Per, Rule
from lifecycle.text.paths.domain import nth

MONTH = timedelta(days=31)
_DAY = timedelta(days=1)
_IN_A_MONTH: dict[Period, int] = {"day": 31, "week": 6, "month": 1}
Good = Literal["coupons_minor", "points", "messages"]


class Bound(msgspec.Struct, frozen=True, order=True):
    """How often a rule acts for one member in a month, at the most."""

    times: int
    how: str
    """What of the policy says so, as it is written."""


class Expense(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule gives to one member."""

    rule: str
    bound: Bound | None
    """None: nothing bounds it."""
    coupons_minor: int
    """Each time; and so the others."""
    points: int
    messages: int
    unpriced: tuple[str, ...] = ()
    """Coupon templates whose value is not known; counted as nothing."""
    treated: Fraction = Fraction(1)
    """The share of the members who are not held out."""


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """Of all rules that are bounded, in a month."""

    coupons_minor: int
    points: int
    messages: int


def expenses(policy: Policy, told: Circumstances) -> tuple[Expense, ...]:
    return tuple(_expense(policy, rule, told.coupons or {}) for rule in policy.rules)


def for_a_member(policy: Policy, found: tuple[Expense, ...]) -> Total:
    """The most that one member can get who is held out of nothing."""
    whole = tuple(msgspec.structs.replace(each, treated=Fraction(1)) for each in found)
    return Total(**{good: ceil(_most(policy, whole, good)) for good in get_args(Good)})


def for_members(policy: Policy, found: tuple[Expense, ...], members: int) -> Total:
    return Total(**{good: ceil(members * _most(policy, found, good)) for good in get_args(Good)})


def _expense(policy: Policy, rule: Rule, values: dict[str, int]) -> Expense:
    coupons = [action.template for action in rule.actions if isinstance(action, IssueCoupon)]
    return Expense(
        rule=rule.id,
        bound=min(_bounds(policy, rule), default=None),
        coupons_minor=sum(values.get(template, 0) for template in coupons),
        points=sum(action.points for action in rule.actions if isinstance(action, GrantPoints)),
        messages=sum(isinstance(action, SendMessage) for action in rule.actions),
        unpriced=tuple(template for template in coupons if template not in values),
        treated=_treated(policy, rule),
    )


def _treated(policy: Policy, rule: Rule) -> Fraction:
    holdout = policy.guards.holdout
    if holdout is not None and holdout.unit != "member":
        return Fraction(1)
    takes_part = all(each.held_out for each in policy.guards.classes if each.name == rule.sent_as)
    shares = [rule.held_out, *([holdout.share] if holdout is not None and takes_part else [])]
    return prod((Fraction(BUCKETS - share, BUCKETS) for share in shares), start=Fraction(1))


def _bounds(policy: Policy, rule: Rule) -> Iterator[Bound]:
    yield from _by_reentry(rule)
    yield from _by_trigger(rule)
    for index, cap in enumerate(policy.guards.caps):
        if limits(cap, rule):
            yield Bound(places(cap, rule) * _IN_A_MONTH[cap.per], f"{nth('guards.caps', index)}: {rendered(cap)}")


def _by_reentry(rule: Rule) -> Iterator[Bound]:
    how = f"reenter: {rendered(rule.reentry)}"
    match rule.reentry:
        case "once":
            yield Bound(1, how)
        case Cooldown(days):
            yield Bound(_times(days * _DAY, rule, whole_days=True), how)
        case Per(fields) if isinstance(rule.trigger, On):
            hints = get_type_hints(EVENTS[rule.trigger.event])
            universes = [_universe(hints.get(field)) for field in fields]
            if all(universes):
                yield Bound(prod(universes), how)


def _universe(hint: object) -> int:
    """How many values a field can have; 0 when that is not bounded."""
    return 2 if hint is bool else len(get_args(hint)) if get_origin(hint) is Literal else 0


def _by_trigger(rule: Rule) -> Iterator[Bound]:
    how = f"when: {rendered(rule.trigger)}"
    match rule.trigger:
        case On(event) if event in ONCE_EVER:
            yield Bound(1, how)
        case On(event) if event in DAILY:
            yield Bound(_times(_DAY, rule, whole_days=True), how)
        case Held(_, wait):
            yield Bound(_times(_elapsed(wait), rule), how)
        case Enters(_, settle) | Leaves(_, settle) if settle is not None and rule.still:
            yield Bound(_times(_elapsed(settle), rule), f"{how}, at least {shown(settle)} apart")


def _times(apart: timedelta, rule: Rule, *, whole_days: bool = False) -> int:
    """How often what comes at least so far apart is acted on in a month."""
    if whole_days:
        days = (
            MONTH // _DAY + ceil(rule.longest_validity / _DAY) + 1
        )  # where clocks change, so many hours touch a day more
        return (days - 1) // (apart // _DAY) + 1
    return (MONTH + rule.longest_validity) // apart + 1


def _elapsed(duration: Duration) -> timedelta:
    """At the least: a local day may be an hour short, and some are two."""
    if isinstance(duration, timedelta):
        return duration
    return timedelta(days=shortest(duration)) - timedelta(hours=2)


def _most(policy: Policy, found: tuple[Expense, ...], good: Good) -> Fraction:
    """Of each class, the dearest sends until the tightest cap that limits all of the class is full."""
    rules = {rule.id: rule for rule in policy.rules}
    total = Fraction(0)
    for name in {rule.sent_as for rule in policy.rules}:
        room = min(
            (_room(cap) for cap in policy.guards.caps if cap.sent_as == name and cap.channel is None), default=None
        )
        sends = sorted(
            (
                (getattr(each, good) * each.treated, each.bound.times)
                for each in found
                if each.bound is not None and rules[each.rule].sent_as == name
            ),
            reverse=True,
        )
        for cost, times in sends:
            counted = times if room is None else min(times, room)
            room = None if room is None else room - counted
            total += cost * counted
    return total


def _room(cap: Cap) -> int:
    return cap.most * _IN_A_MONTH[cap.per]
