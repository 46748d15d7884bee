"""Titles 名稱: what operators call the values and rules of a policy; and its caps, which have no title, in both languages."""

from lifecycle.policy.domain import Policy
from lifecycle.text.labels.domain import Label, Titles


def titles_of(policy: Policy) -> Titles:
    """Of what has one."""
    values = (*policy.stages, *policy.health, *policy.segments)
    return {
        "value": {value.name: value.title for value in values if value.title},
        "rule": {rule.id: rule.title for rule in policy.rules if rule.title},
        "cap": {str(cap): Label(zh=cap.in_chinese, en=str(cap)) for cap in policy.guards.caps},
    }
