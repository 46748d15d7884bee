"""Meanings 意義: what a difference between two policies brings, by what differs.

A text may say `{before}` and `{after}`, the part as it is written. What has no meaning of its own here is told as CHANGED.
"""

from collections.abc import Mapping
from typing import Literal

from lifecycle.text.faults.domain import Text

Part = Literal["metrics", "attributes", "stages", "health", "segments", "classes", "rules"]
"""What is declared under names."""

CHANGED = Text("diff_changed", en="{before} → {after}", zh="{before} → {after}，已變更")
NAME = Text(
    "diff_name",
    en="the policy is called {after} instead of {before}; nothing else changes by that",
    zh="策略名稱由 {before} 改為 {after}，不影響其他內容",
)
ZONE = Text(
    "diff_zone",
    en="business days are those of {after} instead of {before}: everything is counted anew from history",
    zh="營業日時區由 {before} 改為 {after}：全部由歷史重新計算",
)
HOLIDAYS = Text(
    "diff_holidays",
    en="{more} holidays more, {fewer} fewer, for rules that ask for them",
    zh="假日增加 {more} 天、減少 {fewer} 天，影響詢問假日的規則",
)
LEAP = Text(
    "diff_leap",
    en="a birthday on 29 February is kept on {after} instead of {before}",
    zh="二月廿九的生日由 {before} 改在 {after}",
)
METRIC_ADDED = Text(
    "diff_metric_added",
    en="a new metric, back-filled from history before the policy takes effect: {after}",
    zh="新增指標，生效前先用歷史補算：{after}",
)
METRIC_REMOVED = Text(
    "diff_metric_removed",
    en="the metric is gone, and its space is freed: {before}",
    zh="移除指標，並釋放其空間：{before}",
)
METRIC_CHANGED = Text(
    "diff_metric_changed",
    en="counted otherwise, back-filled from history: {before} → {after}",
    zh="計算方式變更，用歷史重新補算：{before} → {after}",
)
RENUMBERED = Text(
    "diff_renumbered",
    en="kept under another permanent number, {after} instead of {before}: back-filled from history, the old space is freed",
    zh="永久編號由 {before} 改為 {after}：用歷史重新補算，並釋放原空間",
)
ATTRIBUTE_ADDED = Text(
    "diff_attribute_added", en="a new attribute, back-filled from history: {after}", zh="新增屬性，用歷史補算：{after}"
)
ATTRIBUTE_REMOVED = Text(
    "diff_attribute_removed",
    en="the attribute is gone, and its space is freed: {before}",
    zh="移除屬性，並釋放其空間：{before}",
)
VALUE_ADDED = Text(
    "diff_value_added",
    en="new: {after}; who fulfils it moves there when the policy takes effect, and no rule is triggered by that",
    zh="新增：{after}；生效時符合的會員移入，不觸發規則",
)
VALUE_REMOVED = Text(
    "diff_value_removed",
    en="gone: {before}; who stands there moves to what else holds, and no rule is triggered by that",
    zh="移除：{before}；原在其中的會員依其餘條件移動，不觸發規則",
)
MAYBE_RENAMED = Text(
    "diff_maybe_renamed",
    en="gone: {before}. New beside it: {names}. Whether that is a new name for the same cannot be known: members leave the one "
    "and enter the other, and no rule is triggered by that",
    zh="移除：{before}。同時新增：{names}。無法得知是否只是改名：會員離開前者、進入後者，不觸發規則",
)
CONDITION_CHANGED = Text(
    "diff_condition_changed",
    en="{before} → {after}; who moves by that when the policy takes effect triggers no rule",
    zh="{before} → {after}；生效時因此移動的會員不觸發規則",
)
ORDER_MATTERS = Text(
    "diff_order_matters",
    en="asked in another order, which decides who stands where: {before} → {after}",
    zh="判定順序變更，會影響會員所在：{before} → {after}",
)
ORDER_IDLE = Text(
    "diff_order_idle", en="written in another order, which changes nothing else", zh="只是書寫順序不同，不影響其他內容"
)
RULE_ADDED = Text(
    "diff_rule_added",
    en="a new rule, for new occasions only; members who are there already enter by enrolment: {after}",
    zh="新增規則，只對之後發生的生效；已在其中的會員要另行納入：{after}",
)
RULE_REMOVED = Text(
    "diff_rule_removed",
    en="the rule is gone, and what waits for it is cancelled: {before}",
    zh="移除規則，等待中的一併取消：{before}",
)
TRIGGER_CHANGED = Text(
    "diff_trigger_changed",
    en="{before} → {after}, for new occasions only; what waits is checked again",
    zh="{before} → {after}，只對之後發生的生效；等待中的會重新檢查",
)
ASKED_OTHERWISE = Text(
    "diff_asked_otherwise",
    en="{before} → {after}; what waits is checked by the new condition",
    zh="{before} → {after}；等待中的依新條件檢查",
)
ACTIONS_CHANGED = Text(
    "diff_actions_changed",
    en="{before} → {after}; what was asked for before stays as it was",
    zh="{before} → {after}；先前已請求的不變",
)
SHARE_CHANGED = Text(
    "diff_share_changed",
    en="{before} → {after} held out; the smaller share is part of the larger",
    zh="對照組 {before} → {after}；較小的包含在較大的之中",
)
GUARD_ADDED = Text("diff_guard_added", en="new: {after}", zh="新增：{after}")
GUARD_REMOVED = Text("diff_guard_removed", en="gone: {before}", zh="移除：{before}")
CAP_CHANGED = Text(
    "diff_cap_changed",
    en="{before} → {after}; what was sent before counts",
    zh="{before} → {after}；先前已發送的照樣計入",
)
NEW_SALT = Text(
    "diff_new_salt",
    en="{before} → {after}: another salt is another experiment, for which members are drawn anew",
    zh="{before} → {after}：換了 salt 就是另一個實驗，會員重新抽籤",
)

ADDED: Mapping[Part, Text] = {
    "metrics": METRIC_ADDED,
    "attributes": ATTRIBUTE_ADDED,
    "stages": VALUE_ADDED,
    "health": VALUE_ADDED,
    "segments": VALUE_ADDED,
    "classes": GUARD_ADDED,
    "rules": RULE_ADDED,
}
REMOVED: Mapping[Part, Text] = {
    "metrics": METRIC_REMOVED,
    "attributes": ATTRIBUTE_REMOVED,
    "stages": VALUE_REMOVED,
    "health": VALUE_REMOVED,
    "segments": VALUE_REMOVED,
    "classes": GUARD_REMOVED,
    "rules": RULE_REMOVED,
}
CHANGED_RULE: Mapping[str, Text] = {
    "trigger": TRIGGER_CHANGED,
    "condition": ASKED_OTHERWISE,
    "actions": ACTIONS_CHANGED,
    "held_out": SHARE_CHANGED,
}
"""By the field of a rule."""
CHANGED_POLICY: Mapping[str, tuple[str, Text]] = {
    "name": ("policy", NAME),
    "tz": ("calendar.tz", ZONE),
    "leap_birthday": ("calendar.leap_birthday", LEAP),
}
"""By the field of a policy: where it stands, and its text."""
