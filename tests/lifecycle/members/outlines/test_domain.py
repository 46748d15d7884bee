"""An outline is of the row's own bytes: it says what the member says."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.lifecycle_conditions import some_facts
from lifecycle.facts.domain import Facts
from lifecycle.members.domain import Episode, Member, MemberError, Pending, encode
from lifecycle.members.outlines.domain import outlined

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@given(
    facts=some_facts(),
    waiting=st.lists(st.sampled_from(["thanks", "hello"]), max_size=3),
    places=st.sets(st.integers(1, 20)),
)
def test_it_says_what_the_member_says(facts: Facts, waiting: list[str], places: set[int]) -> None:
    member = Member(
        member_id=UUID(int=7),
        at=NOON,
        facts=facts,
        standing={"stage": "convert", "health": "active"},
        episodes={"convert": Episode(1, NOON, "event")},
        pending=tuple(Pending(rule, "convert", 1, NOON) for rule in waiting),
        due=NOON if waiting else None,
        version=3,
    )
    outline = outlined(encode(member))
    assert (outline.member_id, outline.at, outline.standing, outline.due, outline.version) == (
        member.member_id,
        member.at,
        member.standing,
        member.due,
        member.version,
    )
    assert list(outline.waiting) == waiting
    assert set(outline.facts) == set(facts)
    assert outline.facts_at(places) == {place: fact for place, fact in facts.items() if abs(place) in places}


@pytest.mark.parametrize("encoded", [b"", b"\x02\x90", b"\x01\x90", b"\x01\xc1"])
def test_other_bytes_are_refused(encoded: bytes) -> None:
    with pytest.raises(MemberError, match="member: "):
        outlined(encoded)
