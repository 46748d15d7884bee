"""Collisions 衝突: rules that are always triggered together, of which a cap lets only some through."""

from collections.abc import Iterator

from lifecycle.inspections.bottlenecks.domain import limits, places
from lifecycle.policy.domain import Policy
from lifecycle.policy.rulebook.domain import Rule
from lifecycle.text.faults.domain import Fault, Text, finding

COLLIDES = Text(
    "collides",
    en="always triggered together with {winners}, which goes first: the cap of {cap} leaves no place for this rule then",
    zh="總是與 {winners} 同時觸發而後者優先：上限「{cap}」此時不留名額給這條規則",
)


def collisions(policy: Policy) -> Iterator[Fault]:
    """Of the same occasion the higher priority is decided first, then the name: as when members are stepped."""
    in_turn = sorted(policy.rules, key=lambda rule: (-rule.priority, rule.id))
    for index, rule in enumerate(in_turn):
        for cap in policy.guards.caps:
            winners = [each.id for each in in_turn[:index] if limits(cap, each) and _always_with(each, rule)]
            if limits(cap, rule) and 0 < places(cap, rule) <= len(winners):
                path = f"rules.{rule.id}.when"
                yield finding(COLLIDES, path, "warning", winners=", ".join(winners), cap=str(cap))
                break


def _always_with(first: Rule, rule: Rule) -> bool:
    """Whether the first acts whenever the other would, and for the same members."""
    return (
        first.trigger == rule.trigger
        and first.condition == rule.condition
        and first.still == rule.still
        and first.reentry in (rule.reentry, "each")
        and first.sent_as == rule.sent_as
        and not first.held_out
        and first.stale_after >= rule.stale_after
        and first.longest_validity >= rule.longest_validity
    )
