"""In the dimensions of a contrast everybody stands as by the whole policies, and in all others by one as by the other."""

from contextlib import suppress

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from factories.lifecycle_conditions import TODAY, policies, some_facts
from factories.policies import SMALL_POLICY
from lifecycle.conditions.expressions.domain import Compare, Count, In, Not
from lifecycle.engine.contrasts.domain import contrast, shifted
from lifecycle.engine.domain import compiled
from lifecycle.facts.domain import Facts
from lifecycle.policy.domain import Policy, Value
from lifecycle.policy.rulebook.domain import Enters
from lifecycle.policy.soundness.domain import PolicyError
from lifecycle.standing.domain import standing_on

BUYS = Value("buys", Compare(Count("orders"), ">=", 3))
SHY = Value("shy", Not(In("buys")))


def mixed(one: Policy, other: Policy, parts: set[str]) -> Policy:
    """The one, with some parts of the other."""
    found: list[Policy] = []
    with suppress(PolicyError):
        found.append(msgspec.structs.replace(one, **{part: getattr(other, part) for part in parts}))
    assume(found)
    return found[0]


@settings(deadline=None)
@given(
    one=policies(),
    other=policies(),
    parts=st.sets(st.sampled_from(["stages", "health", "segments"])),
    facts=some_facts(),
    ahead=st.integers(0, 40),
)
def test_what_differs_is_looked_at_and_nothing_else_need_be(
    one: Policy, other: Policy, parts: set[str], facts: Facts, ahead: int
) -> None:
    before, after = compiled(one), compiled(mixed(one, other, parts), version=2)
    between, day = contrast(before, after), TODAY + ahead
    (then, _), (now, until) = standing_on(before, facts, day), standing_on(after, facts, day)
    found_before, found_after, stays = shifted(between, facts, day)
    assert found_before == {name: value for name, value in then.items() if name in between.names}
    assert found_after == {name: value for name, value in now.items() if name in between.names}
    assert {name: value for name, value in then.items() if name not in between.names} == {
        name: value for name, value in now.items() if name not in between.names
    }
    assert stays >= until


def test_whatever_asks_what_differs_differs() -> None:
    now = compiled(msgspec.structs.replace(SMALL_POLICY, segments=(BUYS, SHY)))
    more = msgspec.structs.replace(BUYS, condition=Compare(Count("orders"), ">=", 4))
    then = compiled(msgspec.structs.replace(SMALL_POLICY, segments=(more, SHY)), version=2)
    between = contrast(now, then)
    assert between.names == {"buys", "shy"}
    assert between.places == {now.numbers["orders"]}
    assert contrast(now, now).names == frozenset()


def test_a_rule_that_waits_longer_triggers_otherwise() -> None:
    first, *rest = (rule for rule in SMALL_POLICY.rules if isinstance(rule.trigger, Enters))
    later = msgspec.structs.replace(first, trigger=msgspec.structs.replace(first.trigger, settle=None))
    if later == first:
        raise AssertionError("the first such rule waits")
    changed = msgspec.structs.replace(
        SMALL_POLICY, rules=tuple(later if rule.id == first.id else rule for rule in SMALL_POLICY.rules)
    )
    between = contrast(compiled(SMALL_POLICY), compiled(changed, version=2))
    assert between.triggers == {rule.id for rule in SMALL_POLICY.rules} - {first.id}
    assert rest or not between.names
