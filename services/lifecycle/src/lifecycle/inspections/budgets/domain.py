"""Budgets 預算: what the rules of a policy may give, in words: each for a member and month, all together, and to everybody."""

from collections.abc import Iterator

from common.money import format_minor
from lifecycle.inspections.circumstances.domain import Circumstances
from lifecycle.inspections.expenses.domain import Bound, Expense, Total, expenses, for_a_member, for_members
from lifecycle.inspections.reachability.domain import awaited
from lifecycle.policy.domain import Policy
from lifecycle.text.faults.domain import Fault, Said, Text, finding

GIVES = Text(
    "gives",
    en="up to {times} times for a member in a month, by {how}: {coupons} in coupons, {points} points, {messages} messages",
    zh="每位會員每月最多 {times} 次（依 {how}）：優惠券 {coupons}、點數 {points}、訊息 {messages} 則",
)
UNBOUNDED = Text(
    "unbounded",
    en="nothing bounds how often this is done for a member; each time it is {coupons} in coupons, {points} points, {messages} "
    "messages. A cap for its class, or reenter, would bound it",
    zh="對同一位會員的次數沒有上限；每次優惠券 {coupons}、點數 {points}、訊息 {messages} 則。可為其類別設上限，或寫 reenter",
)
UNPRICED = Text(
    "unpriced",
    en="the value of these coupons is not known and counts as nothing: {names}",
    zh="這些優惠券的面額未知，以零計：{names}",
)
TOGETHER = Text(
    "gives_together",
    en="all rules together: at most {coupons} in coupons, {points} points, {messages} messages a member and month; not counted, "
    "because nothing bounds them: {unbounded}",
    zh="所有規則合計，每位會員每月最多：優惠券 {coupons}、點數 {points}、訊息 {messages} 則；因沒有上限而未計入：{unbounded}",
)
TO_EVERYBODY = Text(
    "gives_everybody",
    en="today's {members} members: at most {coupons} in coupons, {points} points, {messages} messages a month, without the share "
    "that is held out",
    zh="以目前 {members} 位會員計，每月最多：優惠券 {coupons}、點數 {points}、訊息 {messages} 則（已扣除對照組）",
)
STAND_THERE = Text(
    "stand_there",
    en="{members} members stand in {value} today; a new rule reaches them by enrolment only",
    zh="目前有 {members} 位會員在「{value}」；新規則要另行納入才會作用於他們",
)


def budgeted(policy: Policy, told: Circumstances) -> Iterator[Fault]:
    each_rule = expenses(policy, told)
    for each in each_rule:
        yield from _rule(each, told.currency)
    yield from _standing(policy, told)
    unpriced = sorted({name for each in each_rule for name in each.unpriced})
    if unpriced:
        yield finding(UNPRICED, "rules", "note" if told.coupons is None else "warning", names=", ".join(unpriced))
    if not each_rule:
        return
    unbounded = ", ".join(each.rule for each in each_rule if each.bound is None)
    said = _said(for_a_member(policy, each_rule), told.currency)
    yield finding(TOGETHER, "rules", "note", **said, unbounded=unbounded or "–")
    if told.members is not None:
        members = _members(policy, told.members)
        said = _said(for_members(policy, each_rule, members), told.currency)
        yield finding(TO_EVERYBODY, "rules", "note", **said, members=members)


def _rule(each: Expense, currency: str) -> Iterator[Fault]:
    path, bound = f"rules.{each.rule}.do", each.bound or Bound(1, "")
    total = Total(
        coupons_minor=each.coupons_minor * bound.times,
        points=each.points * bound.times,
        messages=each.messages * bound.times,
    )
    said = _said(total, currency)
    if each.bound is not None:
        yield finding(GIVES, path, "note", **said, times=bound.times, how=bound.how)
    else:
        is_dear = each.coupons_minor or each.points or each.unpriced
        yield finding(UNBOUNDED, path, "warning" if is_dear else "note", **said)


def _standing(policy: Policy, told: Circumstances) -> Iterator[Fault]:
    for rule in policy.rules:
        value = awaited(rule)
        if told.members and value and told.members.get(value):
            yield finding(STAND_THERE, f"rules.{rule.id}.when", "note", members=told.members[value], value=value)


def _members(policy: Policy, members: dict[str, int]) -> int:
    """Everybody has one stage, and one health; one of the two may not be told."""
    return max(sum(members.get(value.name, 0) for value in dimension.values) for dimension in policy.dimensions)


def _said(total: Total, currency: str) -> dict[str, Said]:
    return {
        "coupons": format_minor(total.coupons_minor, currency),
        "points": total.points,
        "messages": total.messages,
    }
