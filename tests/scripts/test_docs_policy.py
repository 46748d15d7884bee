"""The page of the default policy says everything that the policy says."""

from datetime import timedelta

from common.contracts.lifecycle import GrantPoints, IssueCoupon, SendMessage
from docs_policy import policy_page
from factories.policies import DEFAULT_POLICY
from lifecycle.conditions.expressions.domain import Always, Compare, Count
from lifecycle.policy.domain import Policy, Value
from lifecycle.policy.rulebook.domain import Enters, On, Rule
from lifecycle.policy.sources.domain import Metric


def test_every_value_rule_and_metric_is_told() -> None:
    page = policy_page(DEFAULT_POLICY)
    told = {part.split()[0]: part for part in page.split("\n## ")}

    for value in (*DEFAULT_POLICY.stages, *DEFAULT_POLICY.health):
        assert value.title
        assert f"| `{value.name}` | {value.title.en} {value.title.zh} | `{value.condition}` |" in page
    for rule in DEFAULT_POLICY.rules:
        [line] = [line for line in told["Rules"].splitlines() if line.startswith(f"| `{rule.id}` |")]
        for action in rule.actions:
            assert not isinstance(action, IssueCoupon | SendMessage) or f"`{action.template}`" in line
    for metric in DEFAULT_POLICY.metrics:
        [line] = [line for line in told["Metrics"].splitlines() if line.startswith(f"| `{metric.name}` |")]
        assert all(f"`{event}`" in line for event in metric.events)


def test_a_rule_in_words() -> None:
    orders = Metric(name="orders", number=1, events=("order.confirmed",))
    rules = (
        Rule(
            id="thanks",
            trigger=Enters("convert", settle=timedelta(minutes=90)),
            condition=Compare(Count("orders"), ">=", 2),
            reentry="each",
            still=False,
            actions=(IssueCoupon(template="thanks_3"), GrantPoints(points=5, reason="thanks")),
        ),
        Rule(id="welcome", trigger=On("member.registered"), actions=(GrantPoints(points=1, reason="welcome"),)),
    )
    policy = Policy(
        name="small",
        tz="UTC",
        metrics=(orders,),
        stages=(Value("acquire", Always()), Value("convert", Compare(Count("orders"), ">=", 1))),
        health=(Value("active", Always()),),
        rules=rules,
    )

    page = policy_page(policy)

    assert (
        "| `thanks` |  | `convert` was entered 1.5 h before, if `orders.count(all) >= 2`, also when no longer there | coupon `thanks_3`;"
        " 5 points | `service`, priority 50 | each time | 24 h | 48 h |"
    ) in page
    assert "| `welcome` |  | `member.registered` | 1 points | `service`, priority 50 | never | 24 h | 48 h |" in page
