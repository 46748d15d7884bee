from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from factories.members import template
from members.coupons.domain import Allotted, Refusal, allot

NOW = datetime(2026, 5, 1, tzinfo=UTC)
MEMBERS = [UUID(int=n) for n in range(4)]
wishes = st.lists(st.sampled_from(MEMBERS), max_size=12)
held = st.dictionaries(st.sampled_from(MEMBERS), st.integers(0, 4))


@given(wishes=wishes, held=held, supply=st.none() | st.integers(0, 10), limit=st.integers(1, 4))
def test_neither_supply_nor_limit_is_ever_passed(
    wishes: list[UUID], held: dict[UUID, int], supply: int | None, limit: int
) -> None:
    decided = allot(template(supply=supply, per_member_limit=limit), wishes, held=held, now=NOW)
    given_to = Counter(member for member, one in zip(wishes, decided, strict=True) if isinstance(one, Allotted))

    assert len(decided) == len(wishes)
    assert supply is None or given_to.total() <= supply
    assert all(count + held.get(member, 0) <= limit for member, count in given_to.items())


@given(wishes=wishes, held=held, supply=st.none() | st.integers(0, 10), limit=st.integers(1, 4))
def test_nobody_is_refused_while_there_is_one_for_them(
    wishes: list[UUID], held: dict[UUID, int], supply: int | None, limit: int
) -> None:
    had = Counter(held)
    left = supply
    decided = allot(template(supply=supply, per_member_limit=limit), wishes, held=held, now=NOW)
    for member, one in zip(wishes, decided, strict=True):
        if isinstance(one, Allotted):
            had[member] += 1
            assert one.slot == had[member]
            left = None if left is None else left - 1
        elif one is Refusal.MEMBER_LIMIT:
            assert had[member] >= limit
        else:
            assert (one, left) == (Refusal.SUPPLY_EXHAUSTED, 0)


@given(wishes=wishes, at=st.integers(0, 12))
def test_deciding_in_two_goes_is_deciding_in_one(wishes: list[UUID], at: int) -> None:
    whole = allot(template(supply=6, per_member_limit=2), wishes, held={}, now=NOW)
    first = allot(template(supply=6, per_member_limit=2), wishes[:at], held={}, now=NOW)
    issued = sum(isinstance(one, Allotted) for one in first)
    had = Counter(member for member, one in zip(wishes, first, strict=False) if isinstance(one, Allotted))
    second = allot(template(supply=6, issued=issued, per_member_limit=2), wishes[at:], held=had, now=NOW)

    assert first + second == whole


def test_nothing_is_issued_of_a_template_that_is_not_open() -> None:
    paused = template(state="paused")

    assert allot(paused, MEMBERS, held={}, now=NOW) == [Refusal.TEMPLATE_INACTIVE] * len(MEMBERS)
