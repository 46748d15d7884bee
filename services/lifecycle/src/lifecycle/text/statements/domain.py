"""A statement 陳述: one thing that an answer says of a member, as data and in words, in Chinese and English."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from string import Formatter
from zoneinfo import ZoneInfo

import msgspec

from lifecycle.text.faults.domain import Language, Said, Text
from lifecycle.text.labels.domain import UNTITLED, Label, Titles, called

WORDS: Mapping[tuple[str, str], Label] = {
    ("dimension", "stage"): Label("階段", "stage"),
    ("dimension", "health"): Label("健康度", "health"),
    ("kind", "issue_coupon"): Label("發券", "coupon"),
    ("kind", "grant_points"): Label("發積分", "points"),
    ("kind", "send_message"): Label("發訊息", "message"),
    ("kind", "assign_task"): Label("派任務", "task"),
    ("kind", "call_webhook"): Label("呼叫 webhook", "webhook"),
    ("state", "refused"): Label("被拒絕", "refused"),
    ("state", "failed"): Label("失敗", "failed"),
    ("state", "open"): Label("進行中", "under way"),
    ("state", "done"): Label("已完成", "done"),
    ("state", "held_out"): Label("對照組", "held out"),
    ("state", "undoing"): Label("撤回中", "being taken back"),
    ("state", "undone"): Label("已撤回", "taken back"),
    ("state", "kept"): Label("無法撤回", "kept"),
    ("cause", "policy"): Label("策略發布", "a publish"),
    ("cause", "merge"): Label("會員合併", "a merge"),
    ("cause", "correction"): Label("資料更正", "a correction"),
    ("reason", "expired"): Label("已過有效期", "it was too late"),
    ("reason", "withdrawn"): Label("先前已撤回", "it was withdrawn before"),
    ("reason", "spent"): Label("已經使用", "it is spent"),
    ("reason", "no_consent"): Label("會員沒有同意", "the member does not consent"),
    ("reason", "member_limit"): Label("會員已達領取上限", "the member has had as many as they may"),
    ("reason", "supply_exhausted"): Label("已經發完", "none are left"),
    ("reason", "template_inactive"): Label("範本已停用", "its template is paused or has ended"),
    ("reason", "unknown_template"): Label("沒有這個範本", "there is no such template"),
    ("reason", "unknown_channel"): Label("沒有這個管道", "there is no such channel"),
    ("reason", "unknown_team"): Label("沒有這個團隊", "there is no such team"),
    ("reason", "unknown_endpoint"): Label("沒有這個端點", "there is no such endpoint"),
    ("reason", "unknown_member"): Label("那裡查無此會員", "the member is not known there"),
    ("reason", "member_erased"): Label("會員資料已刪除", "the member was erased"),
    ("reason", "address_forbidden"): Label("端點的位址不允許", "the address of the endpoint is forbidden"),
    ("reason", "answered_no"): Label("端點拒絕了", "the endpoint said no"),
    ("reason", "no_answer"): Label("端點沒有回應", "the endpoint did not answer"),
}
"""By the place in a text and the code that stands there as data."""
KINDS = {
    **dict.fromkeys(("value", "previous", "current", "dimension"), "value"),
    "rule": "rule",
    **dict.fromkeys(("cap", "by"), "cap"),
}
"""By the place in a text: of what kind the name is that stands there."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    text: Text
    values: dict[str, Said | datetime] = {}
    """Those that the text has a place for; some of them codes."""
    at: datetime | None = None
    """When it was so; None: now, or always."""
    holds: bool | None = None
    """Of what was asked of the member: whether it was so."""

    def told(self, language: Language, zone: ZoneInfo, titles: Titles = UNTITLED) -> str:
        """Moments are told by that zone's clock; what has a title is called by it."""
        words = {name: _word(name, value, language, zone, titles) for name, value in self.values.items()}
        return (self.text.zh if language == "zh" else self.text.en).format(**words)


def say(
    text: Text, *, at: datetime | None = None, holds: bool | None = None, **values: Said | datetime | None
) -> Statement:
    """Of the values, what the text does not ask for is left out."""
    given = {name: value for name, value in values.items() if value is not None and name in _places(text)}
    return Statement(text=text, values=given, at=at, holds=holds)


def shown_moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _word(name: str, value: Said | datetime, language: Language, zone: ZoneInfo, titles: Titles) -> Said:
    if isinstance(value, datetime):
        return shown_moment(value, zone)
    if not isinstance(value, str):
        return value
    label = WORDS.get((name, value))
    return label.within(language) if label else called(titles, KINDS.get(name, ""), value, language)


@cache
def _places(text: Text) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text.en) if name)
