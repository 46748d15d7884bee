"""Prospects 展期: what comes next for a member and when, if nothing happens before."""

from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter

from lifecycle.actions.domain import ask_again_at
from lifecycle.engine.domain import Engine
from lifecycle.members.domain import Member, Pending
from lifecycle.publishing.versions.domain import Versions
from lifecycle.standing.domain import Standing, next_change_at, standing
from lifecycle.text.faults.domain import Text
from lifecycle.text.statements.domain import Statement, say

FURTHEST = 100
"""Changes of other dimensions that are looked past."""

CHANGES = Text(
    "next_change",
    en="{dimension} goes from {previous} to {current}, if nothing happens before",
    zh="若沒有事發生，{dimension} 從「{previous}」變成「{current}」",
)
ENTERS = Text(
    "next_entry",
    en="the member comes into segment {dimension}, if nothing happens before",
    zh="若沒有事發生，會員進入分群「{dimension}」",
)
LEAVES = Text(
    "next_leaving",
    en="the member leaves segment {dimension}, if nothing happens before",
    zh="若沒有事發生，會員離開分群「{dimension}」",
)
NEVER_CHANGES = Text("next_never", en="time alone changes nothing any more", zh="單靠時間經過，不會再有變化")
NEXT_VERSION = Text(
    "next_version",
    en="version {version} of the policy takes effect, and the member is evaluated anew",
    zh="策略版本 {version} 生效，重新評估會員",
)
DECIDES = Text(
    "next_decision",
    en="rule {rule} is decided upon, if the member is still in {value} where it asks for that",
    zh="判斷規則「{rule}」，若規則要求，會員須仍在「{value}」",
)
RELEASES = Text(
    "next_release",
    en="rule {rule}, which waits since {since}, is decided upon again",
    zh="再次判斷規則「{rule}」，它從 {since} 起等待",
)
ASKS_AGAIN = Text(
    "next_asking",
    en="rule {rule}: nothing was heard of an action, and it is asked for again, under the same id",
    zh="規則「{rule}」：動作沒有回音，以同一個編號再次請求",
)


def prospects(versions: Versions, member: Member) -> Iterator[Statement]:
    """Of standing first, then of rules."""
    yield from changes_ahead(versions.engine(member.version), member)
    following = versions.following(member.version)
    if following is not None:
        yield say(NEXT_VERSION, at=following.effective_at, version=following.number)
    yield from of_rules(member)


def changes_ahead(engine: Engine, member: Member, *, only: str | None = None) -> Iterator[Statement]:
    """The next change of standing; `only`: of one dimension, as far as a look ahead is bounded."""
    at: datetime | None = member.at
    for _ in range(FURTHEST):
        at = next_change_at(engine, member.facts, at) if at else None
        if at is None:
            yield say(NEVER_CHANGES)
            return
        changes = [*_differences(member.standing, standing(engine, member.facts, at), at, only)]
        yield from changes
        if changes:
            return


def _differences(now: Standing, then: Standing, at: datetime, only: str | None) -> Iterator[Statement]:
    for dimension in sorted({*then, *now}):
        previous, current = now.get(dimension), then.get(dimension)
        if previous != current and only in {None, dimension}:
            text = ENTERS if previous is None else LEAVES if current is None else CHANGES
            yield say(text, at=at, dimension=dimension, previous=previous, current=current)


def of_rules(member: Member, *, only: str | None = None) -> list[Statement]:
    """What waits, and what nothing was heard of, the soonest first; `only`: of one rule."""
    waiting = [(each.due, _waits(each)) for each in member.pending if only in {None, each.rule}]
    asking = [
        (at, say(ASKS_AGAIN, at=at, rule=slot.rule))
        for slot in member.slots
        for effect in slot.effects
        if only in {None, slot.rule} and (at := ask_again_at(effect)) is not None
    ]
    return [statement for _, statement in sorted([*waiting, *asking], key=itemgetter(0))]


def _waits(pending: Pending) -> Statement:
    if pending.since is not None:
        return say(RELEASES, at=pending.due, rule=pending.rule, since=pending.since)
    return say(DECIDES, at=pending.due, rule=pending.rule, value=pending.value or "—")
