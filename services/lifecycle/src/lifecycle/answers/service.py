"""Why, and why not: read from what is kept, or, in deep mode, derived from the journal and compared with what is kept."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from common.db import Database
from lifecycle.actions import service as actions
from lifecycle.answers.derivations import service as derivations
from lifecycle.answers.derivations.domain import AGREES, Derivation, differences_between, outset_told
from lifecycle.answers.domain import (
    RULE,
    Answer,
    of_everything_ahead,
    of_identity,
    of_rule,
    of_standing,
    published_since,
)
from lifecycle.answers.stories.domain import Recorded, Story
from lifecycle.calendars.domain import EPOCH
from lifecycle.engine.domain import Engine
from lifecycle.errors import QuestionUnknown
from lifecycle.members import service as members
from lifecycle.members.domain import Member
from lifecycle.publishing.versions.domain import Versions
from lifecycle.publishing.versions.service import VersionCache
from lifecycle.receipts import service as receipts
from lifecycle.standing.transitions import service as transitions
from lifecycle.standing.transitions.domain import Transition
from lifecycle.text.statements.domain import Statement, say

RECENT = 20
"""Decisions, days and actions that an answer tells of."""
TRIES = 5
"""How often the journal is read anew because the member moved meanwhile."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What answers about a member are made of."""

    db: Database
    versions: Versions
    member: Member
    last: dict[str, Transition]
    """Of each dimension."""
    derivation: Derivation | None
    compared: tuple[Statement, ...]

    @property
    def engine(self) -> Engine:
        return self.versions.engine(self.member.version)


async def answers(
    db: Database, cache: VersionCache, member_id: UUID, *, about: str | None, deep: bool, keep: timedelta
) -> tuple[list[Answer], Engine]:
    """To one question, or, where none is asked, to all of where the member stands, and what comes next; with the engine that
    they live by. To any about who was merged into another: who that is.
    `keep`: how long receipts are kept. Raises MemberUnknown, MemberErased, QuestionUnknown.
    """
    asked = await _ask(db, cache, member_id, deep=deep, keep=keep)
    if asked.member.root is not None:
        root_id = await members.merged_into(db, member_id)
        answer = of_identity(asked.member, root_id or asked.member.root)
        return [msgspec.structs.replace(answer, derived=asked.compared)], asked.engine
    if about:
        return [await _answered(asked, question_of(asked.versions, asked.engine, about))], asked.engine
    found = [await _answered(asked, dimension) for dimension in asked.engine.asked]
    return [*found, of_everything_ahead(asked.versions, asked.member)], asked.engine


def question_of(versions: Versions, engine: Engine, about: str) -> str:
    """A dimension as it is, a rule as `rule:…`, also one of an earlier version. Raises QuestionUnknown."""
    name = about.removeprefix(RULE)
    if name == about and name in engine.asked:
        return name
    if any(name in version.engine.rules for version in versions.published):
        return f"{RULE}{name}"
    known = ", ".join([*engine.asked, *(f"{RULE}{rule}" for rule in engine.rules)])
    raise QuestionUnknown(f"about: nothing is called {name!r}; there are {known}")


async def _ask(db: Database, cache: VersionCache, member_id: UUID, *, deep: bool, keep: timedelta) -> Inquiry:
    """In deep mode again until the member stands still while it is read."""
    for _ in range(TRIES):
        member = await members.get_own(db, member_id)
        versions = await cache.now(db)
        last = await transitions.latest(db, member_id)
        if not deep:
            return Inquiry(db, versions, member, last, None, ())
        derivation = await derivations.derive(db, cache, member_id)
        compared = await _compared(db, versions, derivation, since=db.clock.now() - keep)
        if await members.get_own(db, member_id) == member:
            break
    found = {each.dimension: each for each in derivation.transitions}
    return Inquiry(db, versions, member, found, derivation, compared)


async def _compared(
    db: Database, versions: Versions, derivation: Derivation, *, since: datetime
) -> tuple[Statement, ...]:
    """`since`: what is older may have been forgotten, and says nothing. More rows than derived are a difference, however
    many they are.
    """
    member_id, calendar = derivation.member_id, versions.latest.engine.calendar
    day = date.fromordinal(calendar.day_of(since) + EPOCH + 1)
    decided = [each for each in derivation.receipts if each.gate_at >= since]
    days = [each for each in derivation.days(versions) if each.day >= day]
    limit = len(derivation.decided) + len(derivation.transitions) + RECENT
    found = [
        *differences_between(decided, await receipts.of_member(db, member_id, since=since, limit=limit)),
        *differences_between(days, await receipts.days_of(db, member_id, since=day, limit=limit)),
        *differences_between(derivation.transitions, await transitions.all_of(db, member_id, limit=limit)),
    ]
    agrees = say(
        AGREES,
        holds=True,
        decisions=len(derivation.decided),
        transitions=len(derivation.transitions),
        entries=derivation.entries,
    )
    return tuple(found) or (agrees,)


async def _answered(asked: Inquiry, question: str) -> Answer:
    now = asked.db.clock.now()
    if question.startswith(RULE):
        story = await _story(asked, question.removeprefix(RULE))
        published = published_since(asked.versions, story.rule, asked.member.version)
        answer = of_rule(story, published=published, now=now)
    else:
        last = asked.last.get(question)
        then = asked.versions.engine(last.version) if last else None
        answer = of_standing(asked.engine, asked.member, question, last=last, then=then, now=now)
    if asked.derivation is None:
        return answer
    rule = question.removeprefix(RULE) if question.startswith(RULE) else None
    outset = asked.derivation.outset_of(rule=rule, dimension=question)
    named = (outset_told(outset),) if outset else ()
    return msgspec.structs.replace(answer, derived=(*named, *asked.compared))


async def _story(asked: Inquiry, rule: str) -> Story:
    db, member_id = asked.db, asked.member.member_id
    if asked.derivation is None:
        decided = await receipts.of_member(db, member_id, rule=rule, limit=RECENT)
        days = await receipts.days_of(db, member_id, rule=rule, limit=RECENT)
    else:
        decided = [each for each in asked.derivation.receipts if each.rule == rule][: -RECENT - 1 : -1]
        days = [each for each in asked.derivation.days(asked.versions) if each.rule == rule][: -RECENT - 1 : -1]
    rows = await actions.list_actions(db, member_id=member_id, rule=rule, limit=RECENT)
    return Story(
        member=asked.member,
        rule=rule,
        engines={version.number: version.engine for version in asked.versions.published},
        receipts=tuple(decided),
        days=tuple(days),
        actions=tuple(Recorded(**{name: row[name] for name in Recorded.__struct_fields__}) for row in rows),
    )
