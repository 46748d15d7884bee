"""What docs/policy-rules.md shows is read as it stands there."""

import re
from pathlib import Path

import pytest

from factories.policies import policy_of
from lifecycle.authoring.clauses.domain import OWN
from lifecycle.policy.domain import Policy

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "policy-rules.md").read_text()
EXAMPLES = re.findall(r"^\| `([a-z_]+: .+?)`(?= [^|]*\||\s)", PAGE, re.MULTILINE)
RULE = {"when": "{event: order.confirmed}", "do": "[{points: 1}]"}
BASE = """policy: page
metrics:
  joined: {event: member.registered}
  orders: {event: order.confirmed}
  checkins: {event: checkin.recorded}
stages: [acquire: always, retain: checkins.count >= 3, convert: orders.count >= 1]
health: [lost: since(orders) > 90d, dormant: since(orders) > 45d, active: always]
segments: {loyal: orders.days(60d) >= 6}
"""
ATTRIBUTES = {"birthday": "birthday.told.birthday", "consents": "[promo]", "community": "community.joined.community_id"}
GUARDS = {"classes": "{promo: {}, service: {}}"}


def page_policy(key: str, value: str) -> Policy:
    """A policy with that example in its place."""
    attributes, guards, rule = dict(ATTRIBUTES), dict(GUARDS), dict(RULE)
    if key in {"when", "do", "undo", "title", *OWN} and not (key == "holdout" and "salt" in value):
        rule[key] = value
    elif key in {"classes", "caps", "quiet", "holdout", "causation_depth"}:
        guards[key] = value
    else:
        attributes[key] = value
    return policy_of(f"{BASE}attributes: {flow(attributes)}\nguards: {flow(guards)}\nrules:\n  shown: {flow(rule)}\n")


def flow(pairs: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_is_shown_is_read(example: str) -> None:
    key, _, value = example.partition(": ")
    assert page_policy(key, value).rules[0].id == "shown"


def test_the_page_shows_every_key_of_a_rule() -> None:
    keys = {example.partition(":")[0] for example in EXAMPLES}
    shown = {"when", "do", "undo", "title", *OWN}
    assert keys >= shown
    assert len(EXAMPLES) > 45


def test_the_first_example_is_a_rule() -> None:
    (block,) = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    (rule,) = policy_of(f"{BASE}guards: {{classes: {{promo: {{}}}}}}\n{block}").rules
    assert (rule.id, rule.priority, rule.undo and rule.undo.by) == ("thanks", 80, "order.voided")
