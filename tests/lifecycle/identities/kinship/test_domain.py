"""What a member has of each identity comes to the whole, whatever is counted, known or let go of."""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.facts.domain import Facts, united
from lifecycle.identities.domain import Identity, facts_of
from lifecycle.identities.kinship.domain import counted_under, identities_of, kept, with_identities, without
from lifecycle.members.domain import Member

ANNA, BEN = UUID(int=1), UUID(int=2)
WAY = ((BEN, 1),)


def anna(facts: Facts) -> Member:
    return Member(member_id=ANNA, at=datetime(2026, 3, 2, tzinfo=UTC), facts=facts, standing={}, episodes={})


def none_of(_: Facts) -> Facts:
    return {}


@given(data=st.data())
def test_the_whole_is_the_sum_of_its_parts(some_facts: st.SearchStrategy[Facts], data: st.DataObject) -> None:
    own, his, more = (data.draw(some_facts) for _ in range(3))
    member = with_identities(anna(own), {ANNA: Identity((), own, {}), BEN: Identity(WAY, his, {})})
    assert member.facts == united(own, his)

    counted: Any = counted_under(member, BEN, partial(united, more))
    assert counted.facts == facts_of(identities_of(counted))
    assert identities_of(counted)[BEN].facts == united(more, his)
    assert identities_of(counted)[ANNA].facts == own

    alone = without(counted, WAY)
    assert alone.facts == own
    assert alone.kin is not None
    assert not alone.kin.identities
    assert without(alone, WAY) is alone


@given(data=st.data())
def test_what_is_needed_no_more_goes_everywhere(some_facts: st.SearchStrategy[Facts], data: st.DataObject) -> None:
    own, his = (data.draw(some_facts) for _ in range(2))
    member = with_identities(anna(own), {ANNA: Identity((), own, {}), BEN: Identity(WAY, his, {})})
    lean = kept(member, none_of)
    assert lean.facts == {}
    assert all(identity.facts == {} for identity in identities_of(lean).values())
