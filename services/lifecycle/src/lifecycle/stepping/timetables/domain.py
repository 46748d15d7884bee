"""A timetable 時刻表: what the calendar brings a member by the policy's rules on dates, and when next.

Nothing of it is kept: it follows from facts, the rules and the member's own time. Should facts move a date into the past, its
occasion comes at once, if it is one that did not come before and is not stale yet.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

import msgspec

from lifecycle.engine.domain import Engine
from lifecycle.facts.domain import Facts
from lifecycle.members.domain import Member
from lifecycle.policy.dates.domain import Dating, Told, datings, source_of
from lifecycle.policy.keys.domain import key_of
from lifecycle.policy.rulebook.domain import Rule
from lifecycle.stepping.rules.domain import Occasion, told_of


def next_dated_at(engine: Engine, member: Member) -> datetime | None:
    """The first moment after the member's own that brings an occasion, unless facts move it."""
    if not engine.on_dates:
        return None
    told = told_of(engine, member)
    found = (next(_datings(member, rule, told, after=member.at), None) for rule in engine.on_dates)
    return min((dating.at for dating in found if dating), default=None)


def next_of(engine: Engine, member: Member, rule: Rule) -> datetime | None:
    """The first moment after the member's own at which the calendar brings this rule."""
    dating = next(_datings(member, rule, told_of(engine, member), after=member.at), None)
    return dating.at if dating else None


def reached(engine: Engine, member: Member, *, since: datetime) -> Iterator[Occasion]:
    """What came after `since` and by the member's time."""
    told = told_of(engine, member)
    for rule in engine.on_dates:
        for dating in _came(member, rule, told, since=since):
            yield _occasion(rule, told, dating)


def moved_back(engine: Engine, member: Member, *, before: Facts, depth: int = 0) -> Iterator[Occasion]:
    """What would have come by now, had the member's facts been what they are; `before`: what they were."""
    now = member.facts
    if not [place for place in engine.date_places if now.get(place) is not before.get(place)]:
        return
    told, known = told_of(engine, member), told_of(engine, msgspec.structs.replace(member, facts=before))
    for rule in engine.on_dates:
        if source_of(rule.trigger, told) != source_of(rule.trigger, known):
            since = member.at - rule.stale_after
            came = {dating.key for dating in _came(member, rule, known, since=since)}
            for dating in _came(member, rule, told, since=since):
                if dating.key not in came:
                    yield _occasion(rule, told, dating, depth)


def _came(member: Member, rule: Rule, told: Told, *, since: datetime) -> Iterator[Dating]:
    return takewhile(lambda dating: dating.at <= member.at, _datings(member, rule, told, after=since))


def _datings(member: Member, rule: Rule, told: Told, *, after: datetime) -> Iterator[Dating]:
    return datings(rule.trigger, told, unit=(rule.id, member.member_id), after=after)


def _occasion(rule: Rule, told: Told, dating: Dating, depth: int = 0) -> Occasion:
    return Occasion(rule=rule, key=key_of(rule, told, natural=dating.key, at=dating.at), at=dating.at, depth=depth)
