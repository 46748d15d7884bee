"""Small policies, written as an operator would, and what an inspection says of them."""

from factories.whole_policies import policy_of
from lifecycle.inspections.circumstances.domain import NOTHING_KNOWN, Circumstances
from lifecycle.inspections.domain import inspect
from lifecycle.policy.domain import Policy

_TEXT = """
policy: small
calendar: {{tz: Asia/Shanghai, holidays: [2026-10-01]}}
metrics:
  joined: {{event: member.registered}}
  chat: {{event: chat.message_counted, sum: messages}}
  orders: {{event: order.confirmed, sum: amount_minor, retract: {{event: order.voided, of: confirmed_at}}}}
  gifts: {{event: coupon.issued}}
  claims: {{event: coupon.issued, where: 'source = "claim"'}}
{metrics}
attributes:
  consent_promo: {{event: consent.changed, field: given}}
  vip: {{event: order.refunded, field: full}}
  community: {{event: community.joined, field: community_id}}
  earned: {{event: points.earned, field: points}}
stages:
{stages}
health:
{health}
segments:
  chatty: chat.count(7d) >= 3
{segments}
guards:
  classes:
    promo: {{consent: promo}}
    news: {{}}
{classes}
  caps: {caps}
{quiet}
rules:
  first: {{when: {{event: order.paid}}, class: promo, do: [{{message: hello}}]}}
  second: {{when: {{event: order.paid}}, class: news, do: [{{message: hello}}]}}
{rules}
"""
STAGES = "acquire: always; talk: chat.count >= 1; buy: orders.days >= 1"
HEALTH = "lost: since(orders) > 45d; at_risk: since(orders) > 30d; active: always"


def small(
    *,
    metrics: str = "",
    stages: str = STAGES,
    health: str = HEALTH,
    segments: str = "",
    classes: str = "",
    caps: str = "[]",
    quiet: str = "",
    rules: str = "",
) -> Policy:
    """Each part as lines of `name: …`, or parted by semicolons."""
    return policy_of(
        _TEXT.format(
            metrics=_lines(metrics, "  "),
            stages=_lines(stages, "  - "),
            health=_lines(health, "  - "),
            segments=_lines(segments, "  "),
            classes=_lines(classes, "    "),
            caps=caps,
            quiet=f"  {quiet}",
            rules=_lines(rules, "  "),
        )
    )


def told_of(policy: Policy, told: Circumstances = NOTHING_KNOWN) -> set[tuple[str, str]]:
    """The code of each finding, and where it is."""
    return {(each.text.code, each.path) for each in inspect(policy, told)}


def messages_of(policy: Policy, code: str, told: Circumstances = NOTHING_KNOWN) -> list[str]:
    return [each.message("en") for each in inspect(policy, told) if each.text.code == code]


def _lines(parts: str, before: str) -> str:
    return "\n".join(f"{before}{part.strip()}" for part in parts.replace(";", "\n").splitlines() if part.strip())
