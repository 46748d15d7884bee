"""An answer 答覆 to why a member is where they are, and why a rule did or did not do something for them."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from lifecycle.answers.chances.domain import trigger_told, untriggered
from lifecycle.answers.obstacles.domain import obstacles
from lifecycle.answers.origins.domain import by_now, origin, stands
from lifecycle.answers.prospects.domain import changes_ahead, of_rules, prospects
from lifecycle.answers.stories.domain import Story, recounted, verdict
from lifecycle.engine.domain import Engine
from lifecycle.members.domain import Member
from lifecycle.publishing.versions.domain import ALWAYS, Versions
from lifecycle.standing.transitions.domain import Transition
from lifecycle.text.faults.domain import Language, Text
from lifecycle.text.labels.domain import UNTITLED, Titles
from lifecycle.text.statements.domain import Statement, say, shown_moment

RULE = "rule:"
"""Before a rule's id, where it could be a segment's name."""


BECAUSE = Text("answer_because", en="what happened", zh="經過")
NOW = Text("answer_now", en="as of now", zh="現在")
AHEAD = Text("answer_ahead", en="what comes next", zh="接下來")
DERIVED = Text("answer_derived", en="by the journal", zh="日誌推導")

MOVED_TO = Text("answer_moved_to", en="the member has been moved to {moved_to}", zh="會員已推進到 {moved_to}")

MERGED = Text(
    "answer_merged",
    en="this member is {root} since {since}: ask about that one",
    zh="此會員自 {since} 起已併入 {root}，請查詢該會員",
)

_SIGNS = {True: "✓", False: "✗", None: "·"}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    about: str
    verdict: Statement
    because: tuple[Statement, ...]
    now: tuple[Statement, ...] = ()
    """What holds at this moment: the conditions of a value, or what stands in a rule's way."""
    ahead: tuple[Statement, ...] = ()
    """What comes next."""
    derived: tuple[Statement, ...] = ()
    """Of deep mode: whether the journal says the same."""


def of_standing(
    engine: Engine, member: Member, dimension: str, *, last: Transition | None, then: Engine | None, now: datetime
) -> Answer:
    """`last`: the dimension's last transition, with the engine of its version."""
    never = last is None and dimension not in member.standing and dimension not in member.episodes
    return Answer(
        about=dimension,
        verdict=stands(member, dimension),
        because=() if never else tuple(origin(last, then)),
        now=tuple(by_now(engine, member, dimension, now)),
        ahead=tuple(changes_ahead(engine, member, only=dimension)),
    )


def of_rule(story: Story, *, published: datetime | None, now: datetime) -> Answer:
    """`published`: when the rule took effect; None: from the beginning on."""
    rule, member = story.engine.rules.get(story.rule), story.member
    because = [*recounted(story)]
    if rule is not None:
        because = [*trigger_told(rule), *because]
        if not story.is_told and all(each.rule != story.rule for each in member.pending):
            because += untriggered(story.engine, member, rule, published=published)
    return Answer(
        about=f"{RULE}{story.rule}",
        verdict=verdict(story),
        because=tuple(because),
        now=() if rule is None else obstacles(story.engine, member, rule, gate=now),
        ahead=tuple(of_rules(member, only=story.rule)),
    )


def of_everything_ahead(versions: Versions, member: Member) -> Answer:
    """What comes next, whatever it is about."""
    return Answer(
        about="ahead", verdict=say(MOVED_TO, moved_to=member.at), because=(), ahead=tuple(prospects(versions, member))
    )


def of_identity(member: Member, root_id: UUID) -> Answer:
    """Of who is another now: who that is."""
    since = member.kin.changed_at if member.kin else None
    return Answer(about="identity", verdict=say(MERGED, root=str(root_id), since=since or member.at), because=())


def published_since(versions: Versions, rule: str, version: int) -> datetime | None:
    """When the rule took effect, without a break up to that version; None: from the beginning on, or it is not there."""
    since: datetime | None = None
    for each in versions.published:
        if rule not in each.engine.rules:
            since = None
        elif since is None:
            since = each.effective_at
        if each.number == version:
            break
    return None if since == ALWAYS else since


def lines(answer: Answer, language: Language, zone: ZoneInfo, titles: Titles = UNTITLED) -> Iterator[str]:
    """To be read in a terminal."""
    yield answer.verdict.told(language, zone, titles)
    for title, statements in (
        (BECAUSE, answer.because),
        (NOW, answer.now),
        (AHEAD, answer.ahead),
        (DERIVED, answer.derived),
    ):
        if statements:
            yield f"  {say(title).told(language, zone)}"
        for each in statements:
            moment = f"{shown_moment(each.at, zone)}  " if each.at else ""
            yield f"    {_SIGNS[each.holds]} {moment}{each.told(language, zone, titles)}"


def agrees(answer: Answer) -> bool:
    """Whether deep mode found nothing that differs."""
    return all(each.holds is not False for each in answer.derived)
