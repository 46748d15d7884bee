"""A story 經過: what became of one rule for one member, from its receipts and actions, and from what is not among them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from lifecycle.answers.draws.domain import drawn, draws
from lifecycle.answers.obstacles.domain import CONDITION_FAILS, CONDITION_HOLDS, occasion_now
from lifecycle.answers.reasons.domain import reason
from lifecycle.conditions.expressions.domain import Always
from lifecycle.engine.annotations.domain import annotated
from lifecycle.engine.domain import Engine
from lifecycle.engine.explanations.domain import outcome
from lifecycle.members.domain import Member
from lifecycle.policy.caps.domain import limits
from lifecycle.policy.rulebook.domain import Rule
from lifecycle.receipts.domain import ACTED, DayCount, Detail, Receipt, was_asked
from lifecycle.stepping.checks.domain import Case
from lifecycle.text.faults.domain import Text
from lifecycle.text.statements.domain import Statement, say

IT_ACTED = Text(
    "rule_acted", en="rule {rule} acted, the last time at {last}", zh="規則「{rule}」執行過，最近一次在 {last}"
)
IT_WAITS = Text("rule_waits", en="rule {rule} waits, until {until}", zh="規則「{rule}」正在等待，到 {until}")
IT_DID_NOT_ACT = Text(
    "rule_did_not_act",
    en="rule {rule} was triggered, and did not act; it was last decided upon at {last}",
    zh="規則「{rule}」觸發過但沒有執行；最近一次判斷在 {last}",
)
IS_UNTRIGGERED = Text(
    "rule_untriggered", en="nothing has triggered rule {rule} for this member", zh="這位會員還沒有觸發規則「{rule}」"
)
IS_WITHDRAWN = Text(
    "rule_is_withdrawn",
    en="version {version} of the policy does not have a rule {rule} any more",
    zh="策略版本 {version} 已經沒有規則「{rule}」",
)
IS_PAUSED = Text("rule_is_paused", en="an operator has paused the rule", zh="營運人員已暫停這條規則")
TRIGGERED = Text(
    "was_triggered",
    en="triggered at {triggered}, under the key {key}; decided by version {version} of the policy",
    zh="在 {triggered} 觸發，鍵為 {key}；依據策略版本 {version} 判斷",
)
ATTEMPT = Text("was_attempt", en="attempt {attempt}", zh="第 {attempt} 次嘗試")
CAP_LEFT_ROOM = Text("cap_left_room", en="the cap of {cap} left room", zh="頻次上限 {cap} 還有空位")
TIMES = Text(
    "times_a_day",
    en="{times} times on {day}, the last time at {last}; by version {version} of the policy",
    zh="{day} 共 {times} 次，最近一次在 {last}；依據策略版本 {version}",
)
DONE = Text("action_done", en="{kind} {what}: done at {settled}", zh="{kind} {what}：已於 {settled} 完成")
NOT_DONE = Text(
    "action_refused", en="{kind} {what}: {state}, because {reason}", zh="{kind} {what}：{state}，原因：{reason}"
)
UNHEARD = Text(
    "action_unheard",
    en="{kind} {what}: asked for {asks} times since {requested}, nothing heard yet",
    zh="{kind} {what}：從 {requested} 起請求 {asks} 次，還沒有回音",
)
ENDED = Text("action_ended", en="{kind} {what}: {state} since {settled}", zh="{kind} {what}：{settled} 起為 {state}")

_OUTCOMES = {"done": DONE, "refused": NOT_DONE, "failed": NOT_DONE, "requested": UNHEARD, "unknown": UNHEARD}


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An action that the rule asked for, as the record has it."""

    key: str
    attempt: int
    kind: str
    detail: dict[str, Any]
    state: str
    reason: str | None
    asks: int
    requested_at: datetime
    settled_at: datetime | None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one rule for one member; what is kept of it, newest first."""

    member: Member
    rule: str
    engines: Mapping[int, Engine]
    """By version."""
    receipts: tuple[Receipt, ...] = ()
    days: tuple[DayCount, ...] = ()
    actions: tuple[Recorded, ...] = ()

    @property
    def engine(self) -> Engine:
        return self.engines[self.member.version]

    @property
    def is_told(self) -> bool:
        """Whether anything is kept of it."""
        return bool(self.receipts or self.days)


def verdict(story: Story) -> Statement:
    """The answer in one line."""
    waiting = [each.due for each in story.member.pending if each.rule == story.rule]
    acted = [each.gate_at for each in story.receipts if each.outcome == ACTED]
    decided = [each.gate_at for each in story.receipts] + [each.at for each in story.days]
    if waiting:
        return say(IT_WAITS, holds=False, rule=story.rule, until=min(waiting))
    if acted:
        return say(IT_ACTED, holds=True, rule=story.rule, last=max(acted))
    if story.rule not in story.engine.rules:
        return say(IS_WITHDRAWN, holds=False, rule=story.rule, version=story.engine.version)
    if decided:
        return say(IT_DID_NOT_ACT, holds=False, rule=story.rule, last=max(decided))
    return say(IS_UNTRIGGERED, holds=False, rule=story.rule)


def recounted(story: Story) -> Iterator[Statement]:
    """Every decision that is kept, newest first, and then those that are counted."""
    if story.rule in story.engine.paused:
        yield say(IS_PAUSED, holds=False)
    for receipt in story.receipts:
        yield from _decision(story, receipt)
    for day in story.days:
        rule = _rule_of(story, day.version)
        yield reason(day.reason, at=day.at, by=day.detail.by)
        yield say(TIMES, day=f"{day.day:%Y-%m-%d}", times=day.times, last=day.at, version=day.version)
        yield from _condition(rule, day.detail, day.reason)


def _decision(story: Story, receipt: Receipt) -> Iterator[Statement]:
    yield reason(receipt.outcome, at=receipt.gate_at, until=receipt.until, key=receipt.key, by=receipt.detail.by)
    yield say(TRIGGERED, triggered=receipt.at, key=receipt.key or "once", version=receipt.version)
    rule = _rule_of(story, receipt.version)
    yield from _condition(rule, receipt.detail, receipt.outcome)
    if rule is not None and receipt.outcome in {ACTED, "held_out"}:
        yield from _guards(story, rule, receipt)
    if receipt.outcome == ACTED:
        yield say(ATTEMPT, attempt=receipt.attempt)
        yield from (
            _action(each) for each in story.actions if (each.key, each.attempt) == (receipt.key, receipt.attempt)
        )


def _condition(rule: Rule | None, detail: Detail, decided: str) -> Iterator[Statement]:
    """With the values by which it was asked; nothing when it was not."""
    if rule is None or rule.condition == Always() or not was_asked(decided):
        return
    holds = outcome(rule.condition, detail.values)
    text = CONDITION_HOLDS if holds else CONDITION_FAILS
    yield say(text, holds=holds, condition=annotated(rule.condition, detail.values))


def _guards(story: Story, rule: Rule, receipt: Receipt) -> Iterator[Statement]:
    """The caps that left room, and the arms that were drawn, by the units of then."""
    engine = story.engines[receipt.version]
    for cap in engine.policy.guards.caps:
        if limits(cap, rule.sent_as, rule.channels):
            yield say(CAP_LEFT_ROOM, holds=True, cap=str(cap))
    member = msgspec.structs.replace(story.member, units=story.member.units | receipt.detail.units)
    case = Case(engine, member, occasion_now(engine, member, rule, receipt.gate_at), receipt.gate_at)
    yield from map(drawn, draws(case))


def _rule_of(story: Story, version: int) -> Rule | None:
    engine = story.engines.get(version)
    return engine.rules.get(story.rule) if engine else None


def _action(action: Recorded) -> Statement:
    return say(
        _OUTCOMES.get(action.state, ENDED),
        holds={"done": True, "refused": False, "failed": False}.get(action.state),
        kind=action.kind,
        what=" ".join(str(value) for value in action.detail.values()),
        state=action.state,
        reason=action.reason or "—",
        asks=action.asks,
        requested=action.requested_at,
        settled=action.settled_at or action.requested_at,
    )
