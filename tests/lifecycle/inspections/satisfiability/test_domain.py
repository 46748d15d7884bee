"""What is called impossible is fulfilled by nobody; and what an operator may write by mistake is called impossible."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.conditions import METRICS, accepted
from factories.lifecycle_conditions import (
    NUMBERS,
    POLICY,
    TODAY,
    asking,
    composed,
    policies,
    rules_atoms,
    situation,
    situations,
    some_facts,
)
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import Always, And, Compare, Condition, Count, Not, Stands
from lifecycle.engine.domain import compiled
from lifecycle.engine.explanations.domain import explain
from lifecycle.engine.readings.domain import Situation
from lifecycle.facts.domain import Facts
from lifecycle.facts.tallies.domain import Tally, cells, gathered
from lifecycle.inspections.satisfiability.domain import TooLarge, always_holds, can_hold, ways
from lifecycle.inspections.worlds.domain import World, world_of
from lifecycle.policy.domain import Dimension, Policy, Value
from lifecycle.policy.sources.domain import Metric, Retraction
from lifecycle.standing.domain import standing

VOIDED = Retraction("order.voided", "confirmed_at")
RETRACTED = {"orders", "joined"}
WORLD = world_of(
    msgspec.structs.replace(
        POLICY,
        metrics=tuple(
            msgspec.structs.replace(metric, retraction=VOIDED, distinct=None, events=("order.confirmed",))
            if metric.name in RETRACTED
            else metric
            for metric in POLICY.metrics
        ),
    )
)
"""Half of the metrics are never taken back."""


def as_counted(facts: Facts) -> Facts:
    """Without what cannot be: less than nothing of what is never taken back."""
    kept: Facts = {}
    for place, fact in facts.items():
        grows = place in {NUMBERS[name] for name in NUMBERS if name not in RETRACTED}
        if not (isinstance(fact, Tally) and grows):
            kept[place] = fact
        elif tally := gathered((day, max(count, 1), abs(amount)) for day, count, amount in cells(fact)):
            kept[place] = tally
    return kept


def check_possible(world: World, condition: Condition, asked: Situation) -> None:
    truth = explain(condition, asked).truth
    assert can_hold(world, (condition, truth))


facts = some_facts().map(as_counted)
days = st.integers(TODAY, TODAY + 120)


@settings(deadline=None)
@given(facts=facts, condition=asking(), day=days)
def test_what_holds_of_anybody_is_possible(facts: Facts, condition: Condition, day: int) -> None:
    check_possible(WORLD, condition, situation(facts, day))


@settings(deadline=None)
@given(facts=facts, conditions=st.lists(asking(), min_size=2, max_size=4), day=days)
def test_what_holds_together_is_possible_together(facts: Facts, conditions: list[Condition], day: int) -> None:
    asked = situation(facts, day)
    assert can_hold(WORLD, *((each, explain(each, asked).truth) for each in conditions))


@settings(deadline=None)
@given(asked=situations(), condition=composed(rules_atoms()), more=asking())
def test_what_only_rules_ask_is_possible_where_it_holds(
    asked: Situation, condition: Condition, more: Condition
) -> None:
    """Standing is told apart from facts here, so only its own name is asked."""
    asked = msgspec.structs.replace(asked, facts=as_counted(asked.facts), standing={"stage": "a", "e": "e"})
    given_names = World(
        metrics=WORLD.metrics,
        kinds=WORLD.kinds,
        dimensions={"stage": Dimension("stage", "last", (Value("first", Always()), Value("a", Always())))},
        segments={"e": Always(), "f": Not(Always())},
        holidays=bool(asked.holidays),
    )
    later = TODAY + 200
    asked = msgspec.structs.replace(asked, at=asked.calendar.start_of(later), episodes={})
    check_possible(given_names, And((condition, more)), asked)


@settings(deadline=None)
@given(policy=policies(), facts=facts, day=days)
def test_where_a_member_stands_is_possible(policy: Policy, facts: Facts, day: int) -> None:
    metrics = tuple(WORLD.metrics.values())
    stands = standing(compiled(policy), facts, compiled(policy).calendar.start_of(day))
    world = world_of(policy)
    world = World(
        metrics={metric.name: metric for metric in metrics},
        kinds=world.kinds,
        dimensions=world.dimensions,
        segments=world.segments,
    )
    wanted = [Stands("stage", (stands["stage"],)), Stands("health", (stands["health"],))]
    assert can_hold(world, *((each, True) for each in wanted))


def test_without_what_is_taken_back_the_same_facts_would_be_called_impossible() -> None:
    """The control: why counts of a metric that is taken back are not compared over windows."""
    tally = gathered([(TODAY - 60, -2, 0), (TODAY, 3, 0)])
    assert tally is not None
    asked = situation({NUMBERS["orders"]: tally}, TODAY)
    condition = And((Compare(Count("orders", Span(30)), ">=", 3), Compare(Count("orders"), "<", 3)))
    assert explain(condition, asked).truth
    assert can_hold(WORLD, (condition, True))
    assert not can_hold(world_of(POLICY), (condition, True))


SHOP = World(
    metrics={
        name: Metric(
            name=name,
            number=1 + index,
            events=counted.events,
            sums={"chat": "messages", "orders": "amount_minor"}.get(name),
            retraction=VOIDED if name == "orders" else None,
        )
        for index, (name, counted) in enumerate(METRICS.items())
    },
    kinds={"tier": "text", "city": "text", "level": "number", "vip": "yes_no", "consent_promo": "yes_no"},
    dimensions={
        "stage": Dimension(
            "stage",
            "last",
            tuple(
                Value(name, accepted(text))
                for name, text in {
                    "acquire": "always",
                    "activate": "chat.days >= 1",
                    "retain": "chat.days >= 3",
                    "convert": "orders.days >= 1",
                    "repurchase": "orders.days >= 2",
                }.items()
            ),
        ),
        "health": Dimension(
            "health",
            "first",
            tuple(
                Value(name, accepted(text))
                for name, text in {
                    "lost": "since(orders) > 90d",
                    "dormant": "since(orders) > 45d",
                    "at_risk": "since(orders) > clamp(2 * orders.pace, 14d, 30d)",
                    "active": "always",
                }.items()
            ),
        ),
    },
    segments={"loyal": accepted("orders.days(60d) >= 6"), "chatty": accepted("chat.sum(14d) >= 10 and never(orders)")},
    holidays=True,
)

IMPOSSIBLE = [
    "chat.count > 3 and chat.count < 4",
    "chat.count = 2 and chat.count != 2",
    "chat.count in [1, 2] and chat.count in 5..9",
    "chat.count < 0",
    "orders.distinct > 64",
    "chat.count(30d) > 9 and chat.count < 9",
    "chat.count(30d) >= 5 and chat.count <= 4",
    "chat.count(2w) >= 5 and chat.count(30d) < 5",
    "chat.count(5w) >= 5 and chat.count(2mo) < 5",
    "chat.sum(7d) >= 10 and chat.sum(30d) < 10",
    "chat.days(7d) >= 8",
    "chat.days(1mo) >= 32",
    "chat.days >= 3 and chat.count < 3",
    "orders.days(7d) >= 3 and orders.days(30d) < 3",
    "since(chat) <= 6d and chat.days(7d) = 0",
    "since(chat) >= 7d and chat.count(7d) >= 1",
    "never(chat) and chat.count >= 1",
    "never(chat) and since(chat) > 3d",
    "since(chat) > 7d and since(chat) < 7d",
    "since(chat, orders) > 7d and since(orders) < 3d",
    "since(chat, orders) < 7d and since(orders) > 7d and never(chat)",
    "since(chat) > 2mo and since(chat) < 1mo",
    "chat.streak >= 5 and chat.days < 5",
    "chat.streak >= 1 and never(chat)",
    "orders.pace < 1",
    "2 * orders.pace <= 1",
    "orders.pace > 3 and orders.days = 1",
    "orders.pace > 3 and orders.pace <= 3",
    "since(orders) > clamp(2 * orders.pace, 14d, 30d) and since(orders) < 14d",
    "since(orders) > clamp(2 * orders.pace, 14d, 30d) and orders.days < 2",
    'tier = "gold" and tier = "silver"',
    'tier in ["gold", "silver"] and tier != "gold" and tier != "silver"',
    "vip and not vip",
    "level = 1 and level = 2",
    "stage = acquire and stage = convert",
    "stage = acquire and orders.days >= 1",
    "stage = convert and never(orders)",
    "stage in [acquire, activate] and in(loyal)",
    "in(chatty) and in(loyal)",
    "in(loyal) and since(orders) > 60d",
    "health = dormant and since(orders) > 90d",
    "health = active and since(orders) > 45d",
    "health = lost and stage = acquire",
    "hour in 22..6 and hour in 9..12",
    "weekday in [sat, sun] and weekday = mon",
    "holiday and not holiday",
    "since(convert) > 36h and since(convert) < 90m",
    "since(joined) - since(orders) > 30d and since(joined) - since(orders) < 7d",
    'event.channel = "wechat" and event.channel = "app"',
    "event.payable_minor > 5 and event.payable_minor <= 5",
    "not always",
    "(chat.count > 3 or chat.count = 2) and chat.count < 2",
]
POSSIBLE = [
    "orders.count(30d) > 9 and orders.count < 9",  # what was taken back may have been read first
    "orders.distinct >= 64",
    "chat.days(7d) >= 7",
    "chat.count(1mo) >= 5 and chat.count(30d) < 5",
    "orders.pace > 3 and orders.pace < 4",
    "since(chat, orders) < 7d and since(orders) > 7d",
    "since(chat) > 28d and since(chat) < 1mo",
    'not tier = "gold" and not tier = "silver"',
    "not vip and not vip = no",
    "health = active and since(orders) > 30d",
    "stage = repurchase and in(loyal)",
    "hour in 22..6 and hour in 5..12",
    'event.channel != "wechat"',
]


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_what_contradicts_itself_can_never_hold(text: str) -> None:
    assert not can_hold(SHOP, (accepted(text), True))
    assert always_holds(SHOP, Not(accepted(text)))


@pytest.mark.parametrize("text", POSSIBLE)
def test_what_looks_like_it_but_may_be_is_left_alone(text: str) -> None:
    assert can_hold(SHOP, (accepted(text), True))


def test_a_search_that_grows_too_large_says_nothing() -> None:
    choices = [accepted(f"orders.count({n}d) in 1..2 or orders.count({n}d) in 5..6") for n in range(1, 15)]
    never = accepted(" or ".join(f"level = {n} and level = {n + 1} and level = {n + 2}" for n in range(9)))
    wanted = [(each, True) for each in (*choices, never)]
    with pytest.raises(TooLarge):
        list(ways(SHOP, *wanted))
    assert can_hold(SHOP, *wanted)
    assert not can_hold(SHOP, (never, True))
