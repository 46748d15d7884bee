"""Reasons 原因: the words for what became of a rule's occasion: it acted, waits, or why it did not act."""

from collections.abc import Mapping
from datetime import datetime

from lifecycle.text.faults.domain import Text
from lifecycle.text.statements.domain import Statement, say

ACTED = Text("decided_acted", en="it acted", zh="規則執行了")
UNNAMED = Text("decided_otherwise", en="it did not act: {reason}", zh="規則沒有執行：{reason}")

NOT_TO_ACT: Mapping[str, Text] = {
    text.code.removeprefix("decided_"): text
    for text in (
        Text("decided_paused", en="the rule is paused", zh="規則暫停中"),
        Text(
            "decided_already_fired",
            en="it has acted before under the same key ({key})",
            zh="同一個鍵（{key}）已經執行過",
        ),
        Text(
            "decided_already_waiting",
            en="it waits already under the same key ({key})",
            zh="同一個鍵（{key}）已經在等待",
        ),
        Text(
            "decided_cooling_down",
            en="it acted too short a time before: its cooldown",
            zh="距離上次執行太近：還在冷卻期",
        ),
        Text(
            "decided_not_still",
            en="the member is not in the value that the rule asks for",
            zh="會員不在規則要求的狀態",
        ),
        Text("decided_condition_false", en="its condition does not hold", zh="條件不成立"),
        Text(
            "decided_too_deep",
            en="too many actions led to it, one the cause of the next",
            zh="因果鏈太長：動作引發動作的次數已到上限",
        ),
        Text(
            "decided_refused_by_state",
            en="members in this state are sent nothing of its class",
            zh="處於這種狀態的會員，不發送這一類內容",
        ),
        Text("decided_no_consent", en="the member has not consented", zh="會員沒有同意"),
        Text("decided_stale", en="what triggered it lies too long ago", zh="觸發的時間已經太久"),
        Text(
            "decided_quiet_hours",
            en="in quiet hours, and it cannot wait until they end",
            zh="在免打擾時段，而且等不到時段結束",
        ),
        Text(
            "decided_capped", en="the cap of {by} is full, and it does not wait", zh="頻次上限（{by}）已滿，規則不等待"
        ),
        Text(
            "decided_held_out",
            en="held out, so that the rule's effect can be told",
            zh="屬於對照組，用來衡量規則的效果",
        ),
        Text("decided_rule_withdrawn", en="the policy does not have the rule any more", zh="策略已經沒有這條規則"),
        Text(
            "decided_rule_changed",
            en="another version of the policy took effect, under which it does not wait for this",
            zh="策略換了版本，新版本不再等待這件事",
        ),
        Text("decided_undone", en="what triggered it was taken back", zh="觸發它的事已經撤回"),
    )
}

WAITS: Mapping[str, Text] = {
    text.code.removeprefix("waits_"): text
    for text in (
        Text("waits_quiet_hours", en="in quiet hours: it waits until {until}", zh="在免打擾時段：等到 {until}"),
        Text(
            "waits_capped",
            en="the cap of {by} is full: it waits until {until}",
            zh="頻次上限（{by}）已滿：等到 {until}",
        ),
    )
}


def reason(
    outcome: str,
    *,
    at: datetime | None = None,
    until: datetime | None = None,
    key: str = "",
    by: str | None = None,
) -> Statement:
    """`outcome`: as receipts name it. `at`: when it was decided."""
    text = WAITS.get(outcome) if until is not None else None
    text = text or NOT_TO_ACT.get(outcome) or (ACTED if outcome == "acted" else UNNAMED)
    return say(
        text,
        at=at,
        holds=outcome == "acted",
        reason=outcome,
        until=until,
        key=key or "once",
        by=by or "—",
    )
