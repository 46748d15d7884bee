"""Whom another version would move."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from factories.policies import SMALL_POLICY
from lifecycle.conditions.expressions.domain import Compare, Count
from lifecycle.engine.domain import compiled
from lifecycle.facts.domain import Facts
from lifecycle.facts.tallies.domain import Tally
from lifecycle.members.domain import Member, encode
from lifecycle.members.outlines.domain import Outline, outlined
from lifecycle.policy.domain import Value
from lifecycle.publishing.impacts.domain import as_json, from_json, impact
from lifecycle.standing.domain import standing_on

DAY = 20_000
NOW = compiled(SMALL_POLICY)
ORDERS = NOW.numbers["orders"]
LATER = compiled(
    msgspec.structs.replace(SMALL_POLICY, segments=(Value("keen", Compare(Count("orders"), ">=", 3)),)), version=2
)
NAMES = st.one_of(st.none(), st.sampled_from(["acquire", "convert", "keen"]))


def member(orders: int) -> Outline:
    facts: Facts = {ORDERS: Tally(DAY, orders, 0)} if orders else {}
    standing, _ = standing_on(NOW, facts, DAY)
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return outlined(encode(Member(member_id=SOMEBODY, at=at, facts=facts, standing=standing, episodes={})))


SOMEBODY = UUID(int=1)


@given(st.lists(st.integers(0, 5), max_size=20))
def test_those_who_would_stand_elsewhere_are_counted(orders: list[int]) -> None:
    moved = impact(NOW, LATER, map(member, orders), day=DAY)
    keen = sum(each >= 3 for each in orders)
    assert moved == (Counter({("keen", None, "keen"): keen}) if keen else Counter())
    assert impact(NOW, NOW, map(member, orders), day=DAY) == Counter()


@given(st.dictionaries(st.tuples(st.sampled_from(["stage", "keen"]), NAMES, NAMES), st.integers(1, 10**9)))
def test_counts_come_back_from_their_rows(counts: dict[tuple[str, str | None, str | None], int]) -> None:
    assert from_json(msgspec.json.decode(msgspec.json.encode(as_json(Counter(counts))))) == Counter(counts)
