"""Obstacles 阻礙: what stands between a rule and a member as they are now, were it triggered at this moment.

Every check is asked, also after one that objects, so that all that stands in the way is seen. Nothing is written.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from lifecycle.answers.draws.domain import drawn, draws
from lifecycle.answers.reasons.domain import reason
from lifecycle.engine.annotations.domain import annotated
from lifecycle.engine.domain import Engine
from lifecycle.engine.explanations.domain import explain
from lifecycle.members.domain import Member
from lifecycle.policy.caps.domain import limits, used
from lifecycle.policy.rulebook.domain import Rule
from lifecycle.stepping.checks.domain import AFTER_CONDITION, BEFORE_CONDITION, Case, Check
from lifecycle.stepping.rules.domain import Occasion, enrolled
from lifecycle.text.faults.domain import Text
from lifecycle.text.statements.domain import Statement, say

CONDITION_HOLDS = Text("condition_holds", en="the condition holds: {condition}", zh="條件成立：{condition}")
CONDITION_FAILS = Text("condition_fails", en="the condition does not hold: {condition}", zh="條件不成立：{condition}")
CONDITION_OPEN = Text(
    "condition_open",
    en="the condition asks for fields of the event that triggers: {condition}",
    zh="條件要看觸發事件的欄位：{condition}",
)
ACTED_BEFORE = Text(
    "acted_before",
    en="triggered before, under the key {key}, attempt {attempt}: {state}",
    zh="之前觸發過，鍵為 {key}，第 {attempt} 次嘗試：{state}",
)
ACTED_FOR_IDENTITY = Text(
    "acted_for_identity",
    en="triggered before for {identity}, who is this member, under the key {key}, attempt {attempt}: {state}",
    zh="之前為已併入的會員 {identity} 觸發過，鍵為 {key}，第 {attempt} 次嘗試：{state}",
)
COOLS_UNTIL = Text("cools_until", en="its cooldown ends at {until}", zh="冷卻期到 {until} 結束")
CAP_USED = Text("cap_used", en="cap of {cap}: {used} used", zh="頻次上限 {cap}：已用 {used}")
REFUSED_IN = Text(
    "refused_in", en="refused to members for whom this holds: {condition}", zh="符合此條件的會員不發送：{condition}"
)
LATELY = 5
"""Earlier occasions that are told of."""
NOBODYS = UUID(int=0)
"""The enrolment that the question is asked as."""
PASSES: Mapping[str, Text] = {
    text.code.removeprefix("passes_"): text
    for text in (
        Text("passes_paused", en="it is not paused", zh="沒有暫停"),
        Text("passes_reentry", en="re-entry allows it", zh="允許再次觸發"),
        Text(
            "passes_still_true",
            en="the member is in the value that it asks for, if it asks",
            zh="會員處於規則要求的狀態（若有要求）",
        ),
        Text("passes_depth", en="no chain of actions leads to it", zh="因果鏈沒有過長"),
        Text("passes_refusals", en="the member's state refuses nothing", zh="會員的狀態沒有被拒絕發送"),
        Text("passes_consent", en="consent is given, or not needed", zh="已同意，或不需要同意"),
        Text("passes_staleness", en="it would not come too late", zh="沒有過期"),
        Text("passes_quiet_hours", en="it is not in quiet hours", zh="不在免打擾時段"),
        Text("passes_caps", en="no cap is full", zh="頻次上限未滿"),
        Text("passes_holdout", en="the member is not held out", zh="會員不屬於對照組"),
    )
}
PASSES_UNNAMED = Text("passes_unnamed", en="{check}: nothing stands in the way", zh="{check}：沒有阻礙")


def occasion_now(engine: Engine, member: Member, rule: Rule, gate: datetime) -> Occasion:
    """As if the member were enrolled now, by nobody."""
    return enrolled(engine, member, rule, enrolment_id=NOBODYS, at=gate)


def obstacles(engine: Engine, member: Member, rule: Rule, *, gate: datetime) -> tuple[Statement, ...]:
    """In the order in which a decision asks; the first that does not hold is what it would say."""
    case = Case(engine, member, occasion_now(engine, member, rule, gate), gate)
    before = [each for check in BEFORE_CONDITION for each in _asked(case, check)]
    after = [each for check in AFTER_CONDITION for each in _asked(case, check)]
    return (*before, _condition(case), *after)


def _asked(case: Case, check: Check) -> Iterator[Statement]:
    name, objection = check.__name__, check(case)
    if objection is None:
        yield say(PASSES.get(name, PASSES_UNNAMED), holds=True, check=name)
    else:
        yield reason(objection.reason, until=objection.until, key=case.occasion.key, by=objection.by)
    match name:
        case "reentry":
            yield from _before(case)
        case "refusals" if case.sent_as.refuse_if is not None:
            asked = explain(case.sent_as.refuse_if, case.situation)
            yield say(REFUSED_IN, condition=annotated(case.sent_as.refuse_if, asked.values))
        case "caps":
            yield from _caps(case)
        case "holdout":
            yield from map(drawn, draws(case))


def _before(case: Case) -> Iterator[Statement]:
    """What the rule did lately, and until when it cools down."""
    rule, calendar = case.occasion.rule, case.engine.calendar
    for slot in case.slots[-LATELY:]:
        text = ACTED_FOR_IDENTITY if slot.of else ACTED_BEFORE
        key, identity = slot.key or "once", str(slot.of)
        yield say(text, at=slot.at, key=key, attempt=slot.attempt, state=slot.state, identity=identity)
    last = max((slot.at for slot in case.slots), default=None)
    if last is not None and rule.cooldown_days is not None:
        yield say(COOLS_UNTIL, until=calendar.start_of(calendar.day_of(last) + rule.cooldown_days))


def _condition(case: Case) -> Statement:
    condition = case.occasion.rule.condition
    asked = explain(condition, case.situation)
    if case.engine.said[case.occasion.rule.id]:
        return say(CONDITION_OPEN, condition=str(condition))
    return say(
        CONDITION_HOLDS if asked.truth else CONDITION_FAILS,
        holds=asked.truth,
        condition=annotated(condition, asked.values),
    )


def _caps(case: Case) -> Iterator[Statement]:
    rule, calendar = case.occasion.rule, case.engine.calendar
    for cap in case.engine.policy.guards.caps:
        if limits(cap, rule.sent_as, rule.channels):
            yield say(CAP_USED, cap=str(cap), used=used(cap, case.member.sends, case.gate, calendar))
