"""Wordings 用語 of a report: what it says, in Chinese and English, and how it writes numbers."""

from collections.abc import Mapping

from common.contracts.lifecycle import Cause
from lifecycle.replays.surveys.domain import ActionOf
from lifecycle.reports.domain import Report
from lifecycle.text.faults.domain import Language
from lifecycle.text.labels.domain import Label, called

WORDS = {
    "draft": Label(en="draft", zh="草稿"),
    "live": Label(en="what happened", zh="實際"),
    "title_draft": Label(en="What {policy} would have done", zh="策略 {policy} 若當時生效"),
    "title_live": Label(en="What {policy} did", zh="策略 {policy} 做了什麼"),
    "rules": Label(en="What is done, by rule", zh="各規則做了什麼"),
    "rule": Label(en="rule", zh="規則"),
    "acted": Label(en="times it acted", zh="執行次數"),
    "cost": Label(en="coupon cost", zh="券成本"),
    "points": Label(en="points", zh="積分"),
    "asked": Label(en="what", zh="內容"),
    "both": Label(en="both", zh="兩者皆有"),
    "only_live": Label(en="only happened", zh="僅實際"),
    "only_draft": Label(en="only draft", zh="僅草稿"),
    "by_day": Label(en="Actions by business day", zh="每營業日的動作數"),
    "stand": Label(en="Where members stand in the end", zh="期末會員分布"),
    "flows": Label(en="Who moved from where to where", zh="會員流動"),
    "from": Label(en="from", zh="從"),
    "to": Label(en="to", zh="到"),
    "held_back": Label(en="What held rules back", zh="規則為何沒有執行"),
    "reason": Label(en="reason", zh="原因"),
    "arms": Label(en="Holdouts", zh="對照組"),
    "treated": Label(en="treated", zh="實驗組"),
    "held_out": Label(en="held out", zh="對照組"),
    "share": Label(en="share held out", zh="對照比例"),
    "moved": Label(en="Members whom the draft has in another stage", zh="草稿下階段不同的會員"),
    "members": Label(en="members", zh="會員"),
    "samples": Label(en="Some members, drawn by lot", zh="抽樣會員"),
    "reading": Label(en="How to read this", zh="如何閱讀"),
    "new": Label(en="new", zh="新會員"),
    "outside": Label(en="not in it", zh="不在其中"),
    "stage": Label(en="stage", zh="階段"),
    "health": Label(en="health", zh="健康度"),
    "until": Label(en="until", zh="直到"),
    "partial": Label(
        en="Partial: this was ended before the journal was. Counts are too small.",
        zh="未完成：重演提前結束，數字偏低。",
    ),
    "equal": Label(
        en="The journal, replayed, gives every row that the tables hold.", zh="日誌重演的結果與資料表逐列相同。"
    ),
    "unequal": Label(
        en="The tables hold something else than the journal gives. Do not trust these figures.",
        zh="資料表與日誌重演的結果不同，數字不可信。",
    ),
    "valueless": Label(
        en="No value was told of the coupons {names}: they cost nothing here.",
        zh="未提供券 {names} 的面額，成本以零計。",
    ),
    "open_loop": Label(
        en="Members did what they did under what happened; how they would have answered the draft's own messages and coupons "
        "is not known. What came of actions that the draft did not take is left out; its own are taken as carried out at once.",
        zh="會員的行為來自實際歷史；他們會如何回應草稿的訊息與券無法得知。草稿沒有採取的動作，其後果不計入；草稿自己的動作視為立即完成。",
    ),
    "journal": Label(
        en="From the journal: {entries} entries, {events} events, {members} members. Days are those of {tz}.",
        zh="取自日誌：{entries} 批、{events} 個事件、{members} 位會員。日期以 {tz} 為準。",
    ),
}

KINDS: Mapping[ActionOf, Label] = {
    "coupon": Label(en="coupon", zh="券"),
    "points": Label(en="points", zh="積分"),
    "message": Label(en="message", zh="訊息"),
    "task": Label(en="task", zh="任務"),
    "webhook": Label(en="webhook", zh="webhook"),
}

CAUSES: Mapping[Cause, Label] = {
    "event": Label(en="an event", zh="事件"),
    "time": Label(en="time", zh="時間經過"),
    "policy": Label(en="a publish", zh="策略發布"),
    "merge": Label(en="a merge", zh="會員合併"),
    "correction": Label(en="a correction", zh="資料更正"),
}

REASONS = {
    "acted": Label(en="acted", zh="已執行"),
    "paused": Label(en="the rule was paused", zh="規則已暫停"),
    "already_fired": Label(en="had acted already", zh="先前已執行"),
    "already_waiting": Label(en="was waiting already", zh="已在等待"),
    "cooling_down": Label(en="too soon after the last time", zh="冷卻期內"),
    "not_still": Label(en="the member had moved on", zh="會員狀態已變"),
    "condition_false": Label(en="the condition did not hold", zh="條件不成立"),
    "refused_by_state": Label(en="refused by the class's guard", zh="防護條件拒絕"),
    "no_consent": Label(en="no consent", zh="未同意"),
    "stale": Label(en="too late", zh="逾時"),
    "quiet_hours": Label(en="quiet hours", zh="安靜時段"),
    "capped": Label(en="a cap was full", zh="頻次已滿"),
    "held_out": Label(en="held out", zh="對照組"),
    "rule_withdrawn": Label(en="the rule was gone", zh="規則已移除"),
    "rule_changed": Label(en="the rule was changed", zh="規則已更改"),
    "too_deep": Label(en="too many actions led to it", zh="因果鏈太長"),
    "undone": Label(en="what triggered it was taken back", zh="觸發的事已撤回"),
}
"""Of decisions."""

SHORT = {
    "draft": Label(
        en="Between {first} and {last} the draft would have asked for {tried} actions instead of {happened}, with coupons worth "
        "{cost} instead of {before}; in the end {moved} of {members} members would be in another stage.",
        zh="{first} 至 {last}，草稿會發出 {tried} 個動作（實際 {happened}），券成本 {cost}（實際 {before}）；"
        "期末 {members} 位會員中有 {moved} 位階段不同。",
    ),
    "alone": Label(
        en="Between {first} and {last}, {count} actions for {members} members, with coupons worth {cost}.",
        zh="{first} 至 {last}，對 {members} 位會員發出 {count} 個動作，券成本 {cost}。",
    ),
}


def said(key: str, language: Language, **values: object) -> str:
    text = WORDS[key].within(language)
    return text.format(**values) if values else text


def number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def money(minor: int, currency: str) -> str:
    return f"{minor / 100:,.2f} {currency}"


def in_short(report: Report, language: Language) -> str:
    """What an operator wants to know first."""
    happened = sum(line.happened or 0 for line in report.days)
    tried = sum(line.tried or 0 for line in report.days)
    before = sum(line.happened.cost_minor for line in report.rules if line.happened)
    cost = sum(line.tried.cost_minor for line in report.rules if line.tried)
    both = bool(report.moved)
    moved = sum(each.members for each in report.moved if each.happened != each.tried)
    is_draft = report.heading.is_draft
    return (
        SHORT["draft" if both else "alone"]
        .within(language)
        .format(
            first=report.first,
            last=report.last,
            tried=number(tried),
            happened=number(happened),
            count=number(tried if is_draft else happened),
            cost=money(cost if is_draft else before, report.heading.currency),
            before=money(before, report.heading.currency),
            moved=number(moved),
            members=number(report.members),
        )
    )


def told(report: Report, language: Language) -> list[str]:
    """A line for each rule, for where no page can be shown."""
    lines, heading = [], report.heading
    for line in report.rules:
        parts = [
            f"{said(key, language)} {number(side.acted)}, {money(side.cost_minor, heading.currency)}"
            for key, side in (("live", line.happened), ("draft", line.tried))
            if side is not None
        ]
        lines.append(f"{called(heading.titles, 'rule', line.rule, language):<24} {'; '.join(parts)}")
    notes = {"partial": report.partial, "equal": heading.equals_live is True, "unequal": heading.equals_live is False}
    return [*lines, *(said(key, language) for key, holds in notes.items() if holds)]
