"""The chances 機會 of a rule: what triggers it, in words; and, where nothing has for a member, why not, and what would."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from lifecycle.conditions.expressions.domain import shown
from lifecycle.engine.domain import Engine
from lifecycle.facts.domain import tally_of
from lifecycle.members.domain import Member
from lifecycle.policy.dates.domain import Dated, DaysAfter, Scheduled, Yearly
from lifecycle.policy.rulebook.domain import Leaves, Rule
from lifecycle.stepping.rules.domain import is_caused_by_member
from lifecycle.stepping.timetables.domain import next_of
from lifecycle.text.faults.domain import Text
from lifecycle.text.statements.domain import Statement, say

TRIGGERS: Mapping[tuple[str, bool], Text] = {
    ("enters", False): Text("triggers_enters", en="triggered by entering {value}", zh="進入「{value}」時觸發"),
    ("enters", True): Text(
        "triggers_enters_settled",
        en="triggered {wait} after entering {value}",
        zh="進入「{value}」{wait} 後觸發",
    ),
    ("leaves", False): Text("triggers_leaves", en="triggered by leaving {value}", zh="離開「{value}」時觸發"),
    ("leaves", True): Text(
        "triggers_leaves_settled",
        en="triggered {wait} after leaving {value}",
        zh="離開「{value}」{wait} 後觸發",
    ),
    ("held", True): Text(
        "triggers_held", en="triggered by {wait} in {value} without a break", zh="連續處於「{value}」{wait} 時觸發"
    ),
    ("on", False): Text("triggers_event", en="triggered by the event {event}", zh="由事件 {event} 觸發"),
    ("enrolment", False): Text("triggers_enrolment", en="triggered by enrolment alone", zh="只由登記觸發"),
}
DATES: Mapping[type[Dated], Text] = {
    DaysAfter: Text(
        "triggers_days_after",
        en="triggered by the calendar, {low} to {high} days after the {edge} of {metric}, at {clock}",
        zh="由日曆觸發：{metric} 的{edge}之後第 {low} 到 {high} 天，{clock}",
    ),
    Yearly: Text(
        "triggers_yearly",
        en="triggered by the calendar, each year on {attribute}, at {clock}",
        zh="由日曆觸發：每年的 {attribute}，{clock}",
    ),
    Scheduled: Text(
        "triggers_scheduled", en="triggered by the calendar, on {days}, at {clock}", zh="由日曆觸發：{days}，{clock}"
    ),
}
NEXT_DATE = Text("trigger_next_date", en="the next time is {next}", zh="下一次是 {next}")
NO_DATE = Text(
    "trigger_no_date",
    en="nothing that the date follows from is known of the member, or it does not come again",
    zh="還不知道這位會員的日期，或不會再有下一次",
)
TRIGGERS_UNNAMED = Text("triggers_otherwise", en="triggered by {trigger}", zh="觸發條件：{trigger}")

NEVER_ENTERED = Text(
    "trigger_never_entered",
    en="the member has never been in {value}; entering it would trigger the rule",
    zh="會員從未進入「{value}」；進入時才會觸發",
)
STILL_INSIDE = Text(
    "trigger_still_inside",
    en="the member has been in {value} since {since}; leaving it would trigger the rule",
    zh="會員從 {since} 起處於「{value}」；離開時才會觸發",
)
NOT_THEIR_DOING = Text(
    "trigger_not_their_doing",
    en="the member came into {value} at {since} by {cause}, not by what they did: that triggers nothing",
    zh="會員在 {since} 因 {cause} 進入「{value}」，不是自己的行為：不會觸發",
)
RULE_IS_NEWER = Text(
    "trigger_rule_is_newer",
    en="the last chance was at {since}, before the rule took effect at {published}",
    zh="上一次機會在 {since}，早於規則生效的 {published}",
)
BY_ENROLMENT = Text(
    "trigger_by_enrolment",
    en="members of before come into a rule by enrolment",
    zh="規則生效前的會員要透過登記才會進入",
)
LEFT = Text(
    "trigger_left",
    en="the member was in {value} from {since} on, and is not any more; entering it again would trigger the rule",
    zh="會員從 {since} 起曾處於「{value}」，現在不在；再次進入時才會觸發",
)
NO_EVENT = Text(
    "trigger_no_event",
    en="no event {event} of the member has been decided upon; the next one would trigger the rule",
    zh="沒有會員的事件 {event} 被判斷過；下一次發生時才會觸發",
)
ONLY_FROM = Text("trigger_only_from", en="only when coming from {before}", zh="只限從 {before} 而來")
CAME_OTHERWISE = Text(
    "trigger_came_otherwise",
    en="the member came into {value} at {since}, and nothing is kept of the rule: it asks them to come from {before}",
    zh="會員在 {since} 進入「{value}」，規則沒有紀錄：它要求從 {before} 而來",
)
NOT_YET = Text("trigger_not_yet", en="that has not come about for the member", zh="對這位會員還沒有發生")
NOT_KEPT = Text(
    "trigger_not_kept",
    en="nothing is kept of what was decided then; deep mode finds it in the journal",
    zh="當時的判斷沒有保存；深入模式可以從日誌重新推導",
)


def trigger_told(rule: Rule) -> Iterator[Statement]:
    trigger = rule.trigger
    if isinstance(trigger, Dated):
        yield _dated(trigger)
        return
    wait = getattr(trigger, "settle", None) or getattr(trigger, "duration", None)
    tag = str(trigger.__struct_config__.tag)
    yield say(
        TRIGGERS.get((tag, wait is not None), TRIGGERS_UNNAMED),
        value=getattr(trigger, "value", None),
        event=getattr(trigger, "event", None),
        wait=None if wait is None else shown(wait),
        trigger=msgspec.json.encode(trigger).decode(),
    )
    if before := _coming_from(rule):
        yield say(ONLY_FROM, before=before)


def untriggered(engine: Engine, member: Member, rule: Rule, *, published: datetime | None) -> Iterator[Statement]:
    """Why nothing has triggered it. `published`: when the rule took effect; None: from the beginning on."""
    value: str | None = getattr(rule.trigger, "value", None)
    event: str | None = getattr(rule.trigger, "event", None)
    if value is not None:
        yield from _by_value(engine, member, rule, value, published)
    elif event is not None:
        yield from _by_event(engine, member, event, published)
    elif isinstance(rule.trigger, Dated):
        coming = next_of(engine, member, rule)
        yield say(NO_DATE) if coming is None else say(NEXT_DATE, next=coming)
    else:
        yield say(NOT_YET)


def _dated(trigger: Dated) -> Statement:
    days = getattr(trigger, "weekdays", ()) or (getattr(trigger, "month_day", None),)
    return say(
        DATES[type(trigger)],
        clock=f"{trigger.at:%H:%M}",
        low=getattr(trigger, "low", None),
        high=getattr(trigger, "high", None),
        edge=getattr(trigger, "edge", None),
        metric=getattr(trigger, "metric", None),
        attribute=getattr(trigger, "attribute", None),
        days=", ".join(map(str, days)),
    )


def _by_value(
    engine: Engine, member: Member, rule: Rule, value: str, published: datetime | None
) -> Iterator[Statement]:
    episode = member.episodes.get(value)
    inside = member.standing.get(engine.dimension_of.get(value, "")) == value
    if episode is None:
        yield say(NEVER_ENTERED, value=value)
    elif isinstance(rule.trigger, Leaves) and inside:
        yield say(STILL_INSIDE, value=value, since=episode.entered_at)
    elif not is_caused_by_member(episode.cause):
        yield say(NOT_THEIR_DOING, value=value, since=episode.entered_at, cause=episode.cause)
        yield say(BY_ENROLMENT)
    elif published is not None and episode.entered_at < published:
        yield from _newer(episode.entered_at, published)
    elif before := _coming_from(rule):
        yield say(CAME_OTHERWISE, value=value, since=episode.entered_at, before=before)
    elif inside or isinstance(rule.trigger, Leaves):
        yield say(NOT_KEPT)
    else:
        yield say(LEFT, value=value, since=episode.entered_at)


def _by_event(engine: Engine, member: Member, event: str, published: datetime | None) -> Iterator[Statement]:
    last = _last_day(engine, member, event)
    start_of = engine.calendar.start_of
    if last is not None and published is not None and start_of(last + 1) <= published:
        yield from _newer(start_of(last), published)
    elif last is not None:
        yield say(NOT_KEPT)
    yield say(NO_EVENT, event=event)


def _coming_from(rule: Rule) -> str:
    return ", ".join(getattr(rule.trigger, "coming_from", ()))


def _newer(since: datetime, published: datetime) -> Iterator[Statement]:
    yield say(RULE_IS_NEWER, since=since, published=published)
    yield say(BY_ENROLMENT)


def _last_day(engine: Engine, member: Member, event: str) -> int | None:
    """That a metric counts of this event alone."""
    tallies = (tally_of(member.facts, metric.number) for metric in engine.policy.metrics if metric.events == (event,))
    return max((tally.last for tally in tallies if tally and tally.last is not None), default=None)
