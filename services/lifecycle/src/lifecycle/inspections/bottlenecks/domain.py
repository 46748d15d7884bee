"""Bottlenecks 瓶頸: guards that let nothing through, or never stop anything, and sends that no guard asks about."""

from collections.abc import Iterator
from datetime import timedelta

from common.contracts.lifecycle import SendMessage
from lifecycle.authoring.clauses.domain import INBOX
from lifecycle.conditions.expressions.domain import shown
from lifecycle.policy.caps.domain import Cap, Period
from lifecycle.policy.domain import Policy
from lifecycle.policy.guards.domain import SendClass
from lifecycle.policy.quiet.domain import Quiet
from lifecycle.policy.rulebook.domain import SERVICE, Rule
from lifecycle.text.faults.domain import Fault, Text, finding
from lifecycle.text.paths.domain import nth

UNUSED_CLASS = Text("unused_class", en="no rule is sent as {name}", zh="沒有規則使用類別「{name}」")
WITHOUT_CONSENT = Text(
    "without_consent",
    en="{name} is sent by {channel}, and its class asks for no consent; write consent: … in guards.classes.{name}",
    zh="「{name}」經 {channel} 發送，但該類別不要求同意；請在 guards.classes.{name} 寫 consent: …",
)
KEEPS_ALL = Text(
    "cap_keeps_all",
    en="all {most} places are kept for priority {priority}, so these rules never send: {names}",
    zh="{most} 個名額全保留給優先級 {priority}，這些規則永遠不會發送：{names}",
)
KEPT_FOR_NOBODY = Text(
    "cap_kept_for_nobody",
    en="{slots} places are kept for priority {priority}, which no rule has: they are never used",
    zh="保留 {slots} 個名額給優先級 {priority}，但沒有規則達到，永遠用不到",
)
LIMITS_NOTHING = Text("cap_limits_nothing", en="no rule is limited by this cap", zh="沒有規則受此上限限制")
NEVER_MET = Text(
    "cap_never_met",
    en="this cap is never met: by the cap of {other} there are never more than {most}",
    zh="永遠不會達到此上限：依「{other}」的上限最多 {most} 次",
)
NO_HOUR_QUIET = Text("no_hour_quiet", en="no hour is quiet: both ends are the same", zh="起訖相同，沒有任何免打擾時段")
NO_HOUR_LEFT = Text(
    "no_hour_left",
    en="the quiet hours leave {minutes} minutes of the day for everything that is sent",
    zh="免打擾時段每天只留 {minutes} 分鐘可發送",
)
TOO_LONG_QUIET = Text(
    "quiet_too_long",
    en="the quiet hours last {length}, the spread after them {spread}: who would wait longer than {longest} is sent nothing",
    zh="免打擾長 {length}，之後分散 {spread}：等待超過 {longest} 的不會發送",
)
SPREAD_TOO_WIDE = Text(
    "spread_too_wide",
    en="the spread of {spread} reaches into the next quiet hours, which begin {open} after these",
    zh="分散 {spread} 會延伸到下一個免打擾時段（{open} 後開始）",
)
VALID_TOO_SHORT = Text(
    "valid_too_short",
    en="what is triggered as the quiet hours begin waits up to {wait}, and is given up after {valid}",
    zh="免打擾開始時觸發的要等到 {wait}，但 {valid} 後就放棄",
)

_DAY, _LEAST_OPEN = timedelta(days=1), timedelta(hours=1)
PERIODS: dict[tuple[Period, Period], int] = {("day", "week"): 7, ("day", "month"): 31, ("week", "month"): 6}
"""How many of the shorter a longer one has a part of, at the most."""


def bottlenecks(policy: Policy) -> Iterator[Fault]:
    for each in policy.guards.classes:
        if all(rule.sent_as != each.name for rule in policy.rules):
            yield finding(UNUSED_CLASS, f"guards.classes.{each.name}", "note", name=each.name)
    for index, cap in enumerate(policy.guards.caps):
        yield from _cap(policy, nth("guards.caps", index), cap)
    if policy.guards.quiet is not None:
        yield from _quiet(policy.guards.quiet)
    classes = {each.name: each for each in policy.guards.classes}
    for rule in policy.rules:
        sent_as = classes.get(rule.sent_as) or SendClass(name=rule.sent_as)
        yield from _unasked(rule, sent_as)
        yield from _given_up(rule, sent_as, policy.guards.quiet)


def limits(cap: Cap, rule: Rule) -> bool:
    return cap.sent_as == rule.sent_as and (cap.channel is None or cap.channel in rule.channels)


def places(cap: Cap, rule: Rule) -> int:
    """How many places of the cap the rule may use."""
    kept = cap.keep.slots if cap.keep is not None and rule.priority < cap.keep.priority else 0
    return max(cap.most - kept, 0)


def _cap(policy: Policy, path: str, cap: Cap) -> Iterator[Fault]:
    limited = [rule for rule in policy.rules if limits(cap, rule)]
    if not limited:
        yield finding(LIMITS_NOTHING, path, "note")
        return
    stopped = [rule.id for rule in limited if not places(cap, rule)]
    if stopped and cap.keep is not None:
        names, priority = ", ".join(stopped), cap.keep.priority
        yield finding(KEEPS_ALL, f"{path}.keep", most=cap.most, priority=priority, names=names)
    if cap.keep is not None and all(rule.priority < cap.keep.priority for rule in limited):
        slots, priority = cap.keep.slots, cap.keep.priority
        yield finding(KEPT_FOR_NOBODY, f"{path}.keep", "warning", slots=slots, priority=priority)
    least = min(places(cap, rule) for rule in limited)
    for other in policy.guards.caps:
        most = _most(other, cap)
        if most is not None and least >= most:
            yield finding(NEVER_MET, path, "warning", other=str(other), most=most)
            return


def _most(shorter: Cap, longer: Cap) -> int | None:
    """How many sends of what the longer one limits the shorter one allows in its period."""
    covers = shorter.sent_as == longer.sent_as and shorter.channel in {None, longer.channel}
    periods = PERIODS.get((shorter.per, longer.per))
    if periods is None and shorter.per == longer.per and shorter.channel != longer.channel:
        periods = 1
    return shorter.most * periods if covers and periods is not None else None


def quiet_length(quiet: Quiet) -> timedelta:
    begins, ends = (timedelta(hours=each.hour, minutes=each.minute) for each in (quiet.begins, quiet.ends))
    return (ends - begins) % _DAY


def _quiet(quiet: Quiet) -> Iterator[Fault]:
    path, length = "guards.quiet", quiet_length(quiet)
    if not length:
        yield finding(NO_HOUR_QUIET, path, "warning")
        return
    left = _DAY - length
    if left < _LEAST_OPEN:
        yield finding(NO_HOUR_LEFT, path, minutes=left // timedelta(minutes=1))
    if quiet.then == "drop":
        return
    if length + quiet.spread > quiet.longest:
        lengths = {"length": shown(length), "spread": shown(quiet.spread), "longest": shown(quiet.longest)}
        yield finding(TOO_LONG_QUIET, f"{path}.max_defer", "warning", **lengths)
    if quiet.spread >= left:
        yield finding(SPREAD_TOO_WIDE, f"{path}.spread", "warning", spread=shown(quiet.spread), open=shown(left))


def _unasked(rule: Rule, sent_as: SendClass) -> Iterator[Fault]:
    """What members are owed needs no consent, and the inbox disturbs nobody."""
    if rule.sent_as == SERVICE or sent_as.consent is not None:
        return
    for index, action in enumerate(rule.actions):
        if isinstance(action, SendMessage) and action.channel != INBOX:
            path = nth(f"rules.{rule.id}.do", index)
            yield finding(WITHOUT_CONSENT, path, "warning", name=rule.sent_as, channel=action.channel)


def _given_up(rule: Rule, sent_as: SendClass, quiet: Quiet | None) -> Iterator[Fault]:
    if quiet is None or quiet.then == "drop" or not sent_as.quiet or not quiet_length(quiet):
        return
    wait = min(quiet_length(quiet) + quiet.spread, quiet.longest)
    if rule.longest_validity < wait:
        path = f"rules.{rule.id}.valid_for"
        yield finding(VALID_TOO_SHORT, path, "warning", wait=shown(wait), valid=shown(rule.longest_validity))
