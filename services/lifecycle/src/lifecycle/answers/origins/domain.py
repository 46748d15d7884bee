"""An origin 由來: why a member is in a stage, a health or a segment, or not: what happened, and which conditions held then."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from common.contracts.lifecycle import Cause
from lifecycle.engine.annotations.domain import annotated
from lifecycle.engine.domain import Engine
from lifecycle.engine.explanations.domain import outcome
from lifecycle.engine.grounds.domain import grounds
from lifecycle.engine.readings.domain import Reading
from lifecycle.members.domain import Member
from lifecycle.standing.transitions.domain import Transition
from lifecycle.text.faults.domain import Text
from lifecycle.text.statements.domain import Statement, say

STANDS = Text(
    "stands",
    en="{dimension} is {value} since {since}: entry {times} into it",
    zh="{dimension} 從 {since} 起為「{value}」，第 {times} 次進入",
)
IN_SEGMENT = Text(
    "in_segment",
    en="in segment {dimension} since {since}: entry {times} into it",
    zh="從 {since} 起在分群「{dimension}」，第 {times} 次進入",
)
NOT_IN_SEGMENT = Text("not_in_segment", en="not in segment {dimension}", zh="不在分群「{dimension}」")
CAME_FROM = Text("came_from", en="{dimension} was {previous} before", zh="{dimension} 之前為「{previous}」")
LEFT_SEGMENT = Text("left_segment", en="left segment {dimension}", zh="離開了分群「{dimension}」")
CAUSES: Mapping[Cause, Text] = {
    "event": Text("caused_by_event", en="an event of the member brought it about", zh="由會員的一個事件引起"),
    "time": Text(
        "caused_by_time",
        en="nothing happened: time alone brought it about, as a business day began",
        zh="沒有發生事件：營業日開始，只因時間經過",
    ),
    "policy": Text(
        "caused_by_policy",
        en="version {version} of the policy took effect; that is not the member's doing, and triggers no rule",
        zh="策略版本 {version} 生效；不是會員的行為，不觸發規則",
    ),
    "merge": Text("caused_by_merge", en="members were found to be one and the same", zh="會員合併引起"),
    "correction": Text("caused_by_correction", en="what was known was corrected", zh="更正資料引起"),
}
BY_VERSION = Text("by_version", en="by version {version} of the policy", zh="依據策略版本 {version}")
HELD = Text("value_held", en="{value} held: {condition}", zh="「{value}」當時成立：{condition}")
DID_NOT_HOLD = Text(
    "value_did_not_hold", en="{value} did not hold: {condition}", zh="「{value}」當時不成立：{condition}"
)
HOLDS_NOW = Text("value_holds_now", en="{value} holds now: {condition}", zh="「{value}」現在成立：{condition}")
FAILS_NOW = Text(
    "value_fails_now", en="{value} does not hold now: {condition}", zh="「{value}」現在不成立：{condition}"
)
NO_GROUNDS = Text(
    "grounds_not_kept",
    en="by which values it came about is not kept any more; deep mode finds it in the journal",
    zh="當時的數值已不保存；深入模式可以從日誌重新推導",
)


def stands(member: Member, dimension: str) -> Statement:
    """The answer in one line."""
    value = member.standing.get(dimension)
    if value is None:
        return say(NOT_IN_SEGMENT, holds=False, dimension=dimension)
    episode = member.episodes[value]
    return say(
        STANDS if dimension in {"stage", "health"} else IN_SEGMENT,
        holds=True,
        dimension=dimension,
        value=value,
        since=episode.entered_at,
        times=episode.number,
    )


def origin(transition: Transition | None, engine: Engine | None) -> Iterator[Statement]:
    """`transition`: the last of the dimension, with the engine of its version."""
    if transition is None:
        yield say(NO_GROUNDS)
        return
    at, dimension = transition.at, transition.dimension
    if transition.current is None:
        yield say(LEFT_SEGMENT, at=at, dimension=dimension)
    elif transition.previous is not None:
        yield say(CAME_FROM, at=at, dimension=dimension, previous=transition.previous)
    yield say(CAUSES[transition.cause], at=at, version=transition.version)
    yield say(BY_VERSION, at=at, version=transition.version)
    if engine is None or dimension not in engine.asked or not _is_whole(engine, dimension, transition.values):
        yield say(NO_GROUNDS)
    else:
        yield from _conditions(engine, dimension, transition.values, at)


def by_now(engine: Engine, member: Member, dimension: str, now: datetime) -> Iterator[Statement]:
    """The same conditions on the member as they are."""
    at = max(member.at, now)
    values = grounds(engine, dimension, facts=member.facts, standing=member.standing, at=at)
    yield from _conditions(engine, dimension, values, None)


def _conditions(
    engine: Engine, dimension: str, values: Mapping[str, Reading], at: datetime | None
) -> Iterator[Statement]:
    """In the order of asking, up to the one that holds."""
    for value in engine.asked[dimension]:
        holds = outcome(value.condition, values)
        text = (HELD if holds else DID_NOT_HOLD) if at else (HOLDS_NOW if holds else FAILS_NOW)
        yield say(text, at=at, holds=holds, value=value.name, condition=annotated(value.condition, values))
        if holds:
            return


def _is_whole(engine: Engine, dimension: str, values: Mapping[str, Reading]) -> bool:
    """Whether the values decide every condition that was asked: those of before they were kept do not."""
    try:
        for value in engine.asked[dimension]:
            if outcome(value.condition, values):
                return True
    except KeyError:
        return False
    return True
