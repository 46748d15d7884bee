"""Reachability 可達: stages, healths, segments and rules that no member can ever come to.

Sound, not complete: what is told is so, by `satisfiability`, which says what it does not decide.
"""

from collections.abc import Iterator

from lifecycle.conditions.expressions.domain import Always, And, Attribute, Condition, In, Never, Or, Stands, walk
from lifecycle.inspections.demands.domain import Wanted, in_value
from lifecycle.inspections.satisfiability.domain import always_holds, can_hold
from lifecycle.inspections.worlds.domain import World
from lifecycle.policy.domain import Dimension, Policy
from lifecycle.policy.rulebook.domain import Enters, Held, Leaves, On, Rule
from lifecycle.policy.soundness.domain import CONSENT
from lifecycle.stepping.rules.domain import waits_still
from lifecycle.text.faults.domain import Fault, Severity, Text, clipped, finding

NEVER_HOLDS = Text("never_holds", en="this can never hold, for nobody", zh="這個條件永遠不會成立")
PART_NEVER_HOLDS = Text(
    "part_never_holds", en="this part of it can never hold: {part}", zh="其中這一部分永遠不會成立：{part}"
)
PART_ALWAYS_HOLDS = Text(
    "part_always_holds", en="this part of it always holds: {part}", zh="其中這一部分永遠成立：{part}"
)
SHADOWED = Text(
    "shadowed",
    en="nobody is ever in {name}: who fulfils it also fulfils {others}, which goes before it",
    zh="不會有人在「{name}」：符合的人也符合優先的 {others}",
)
EVERYBODY = Text("everybody", en="this holds for everybody, always", zh="這個條件對所有人永遠成立")
COUNTS_NOTHING = Text("counts_nothing", en="no event passes this filter", zh="沒有事件會通過這個篩選")
REFUSES_ALL = Text(
    "refuses_all", en="this refuses everybody: nothing of the class is ever sent", zh="這會拒絕所有人：此類從不發送"
)
NEVER_ENTERED = Text(
    "never_entered", en="the rule never acts: nobody is ever in {value}", zh="規則不會執行：不會有人在「{value}」"
)
NOT_FROM = Text(
    "not_from",
    en="nobody enters {value} from {name}: one comes from another value of the same kind, and into a segment from nowhere",
    zh="不會有人從「{name}」進入「{value}」：只能來自同類的其他值；進入分群沒有來處",
)
NEVER_THEN = Text(
    "never_then",
    en="the rule never acts: its condition never holds when it is triggered",
    zh="規則不會執行：觸發時條件永遠不成立",
)
ALWAYS_REFUSED = Text(
    "always_refused",
    en="the rule never acts: whenever its condition holds, the class {name} refuses the member or lacks their consent",
    zh="規則不會執行：條件成立時，類別「{name}」必定拒絕，或沒有同意",
)

_SHOWN = 120


def unreachable(policy: Policy, world: World) -> Iterator[Fault]:
    for metric in policy.metrics:
        if not can_hold(world, (metric.where, True)):
            yield finding(COUNTS_NOTHING, f"metrics.{metric.name}.where")
    for part, dimension in (("stages", policy.dimensions[0]), ("health", policy.dimensions[1])):
        yield from _unreachable_values(world, part, dimension)
    for segment in policy.segments:
        yield from _judged(world, f"segments.{segment.name}", segment.condition)
    for each in policy.guards.classes:
        path = f"guards.classes.{each.name}.refuse_if"
        if each.refuse_if is not None and always_holds(world, each.refuse_if):
            yield finding(REFUSES_ALL, path)
        elif each.refuse_if is not None:
            yield from _judged(world, path, each.refuse_if)
    for rule in policy.rules:
        yield from _unreachable_rule(policy, world, rule)


def is_entered(world: World, value: str) -> bool:
    """Whether anybody can be in a stage, a health or a segment."""
    return can_hold(world, *in_value(world, value))


def awaited(rule: Rule) -> str | None:
    """The stage, health or segment whose entering, leaving or holding triggers the rule."""
    match rule.trigger:
        case Enters(value) | Leaves(value) | Held(value):
            return value
        case _:
            return None


def _judged(world: World, path: str, condition: Condition) -> Iterator[Fault]:
    """A condition, or parts of it, that cannot be meant."""
    if not can_hold(world, (condition, True)):
        yield finding(NEVER_HOLDS, path)
    elif condition != Always() and always_holds(world, condition):
        yield finding(EVERYBODY, path, "warning")
    else:
        for part, text in _idle_parts(world, condition):
            yield finding(text, path, "warning", part=clipped(str(part), _SHOWN))


def _idle_parts(world: World, condition: Condition) -> Iterator[tuple[Condition, Text]]:
    for node in walk(condition):
        match node:
            case Or(conditions):
                yield from ((part, PART_NEVER_HOLDS) for part in conditions if not can_hold(world, (part, True)))
            case And(conditions):
                yield from ((part, PART_ALWAYS_HOLDS) for part in conditions if always_holds(world, part))


def _unreachable_values(world: World, part: str, dimension: Dimension) -> Iterator[Fault]:
    for value in dimension.values:
        path = f"{part}.{value.name}"
        if value.condition != Always():
            yield from _judged(world, path, value.condition)
        own, *before = in_value(world, value.name)
        if not can_hold(world, own) or can_hold(world, own, *before):
            continue
        order = dimension.values if dimension.holds == "first" else dimension.values[::-1]
        names = [each.name for each in order[: len(before)]]
        alone = [each.name for each in order[: len(before)] if not can_hold(world, own, (each.condition, False))]
        severity: Severity = "warning" if value.condition == Always() else "error"
        yield finding(SHADOWED, path, severity, name=value.name, others=", ".join(alone[:1] or names))


def _unreachable_rule(policy: Policy, world: World, rule: Rule) -> Iterator[Fault]:
    path = f"rules.{rule.id}"
    value = awaited(rule)
    if value is not None and not is_entered(world, value):
        yield finding(NEVER_ENTERED, f"{path}.when", value=value)
        return
    if isinstance(rule.trigger, Enters):
        yield from _from_elsewhere(world, f"{path}.when.from", rule.trigger)
    condition, given = (rule.condition, True), when_triggered(policy, world, rule)
    if not can_hold(world, condition):
        yield finding(NEVER_HOLDS, f"{path}.if")
    elif not can_hold(world, *given, condition):
        yield finding(NEVER_THEN, f"{path}.if")
    elif not can_hold(world, *given, condition, *_let_through(policy, rule)):
        yield finding(ALWAYS_REFUSED, f"{path}.if", name=rule.sent_as)
    else:
        for part, text in _idle_parts(world, rule.condition):
            yield finding(text, f"{path}.if", "warning", part=clipped(str(part), _SHOWN))


def when_triggered(policy: Policy, world: World, rule: Rule) -> tuple[Wanted, ...]:
    """What holds of every member whom the rule's trigger finds, when its condition is asked."""
    match rule.trigger:
        case On(event):
            counting = [
                metric.name
                for metric in policy.metrics
                if event in metric.events and metric.where == Always() and metric.retraction is None
            ]
            return tuple((Never((name,)), False) for name in counting)
        case Enters(value) | Held(value) if waits_still(rule) or getattr(rule.trigger, "settle", None) is None:
            return _stands(world, value, holds=True)
        case Leaves(value, settle) if rule.still or settle is None:
            return _stands(world, value, holds=False)
    return ()


def _stands(world: World, value: str, *, holds: bool) -> tuple[Wanted, ...]:
    if value in world.segments:
        return ((In(value), holds),)
    is_stage = value in {each.name for each in world.dimensions["stage"].values}
    return ((Stands("stage" if is_stage else "health", (value,)), holds),)


def _let_through(policy: Policy, rule: Rule) -> Iterator[Wanted]:
    for each in policy.guards.classes:
        if each.name == rule.sent_as and each.refuse_if is not None:
            yield each.refuse_if, False
        if each.name == rule.sent_as and each.consent is not None:
            yield Attribute(f"{CONSENT}{each.consent}", (True,)), True


def _from_elsewhere(world: World, path: str, trigger: Enters) -> Iterator[Fault]:
    for dimension in (*world.dimensions.values(), *(Dimension(name, "first", ()) for name in world.segments)):
        names = [each.name for each in dimension.values]
        if trigger.value not in (names or [dimension.name]):
            continue
        wrong = [
            name
            for name in trigger.coming_from
            if name == trigger.value or name not in names or not is_entered(world, name)
        ]
        severity: Severity = "error" if len(wrong) == len(trigger.coming_from) else "warning"
        for name in wrong:
            yield finding(NOT_FROM, path, severity, value=trigger.value, name=name)
