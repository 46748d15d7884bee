from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.lifecycle import ordered
from factories.lifecycle_conditions import composed, situation
from lifecycle.conditions.expressions.domain import Always, And, Condition, Not, Or, Said, Stands
from lifecycle.engine.explanations.domain import explain
from lifecycle.facts.events.domain import field_of, kinds_of
from lifecycle.facts.filters.domain import filter_of

CAMPAIGN = str(UUID(int=9))
said = (
    st.builds(Said, st.just("channel"), st.just("=="), st.sampled_from([("self",), ("assisted", "self"), ("x",)]))
    | st.builds(Said, st.just("amount_minor"), st.sampled_from([">", ">=", "<", "<=", "!="]), st.just((1000,)))
    | st.builds(Said, st.just("campaign_id"), st.sampled_from(["==", "!="]), st.just((CAMPAIGN,)))
)


@given(
    condition=composed(said | st.just(Always())),
    amount_minor=st.integers(999, 1001),
    campaign=st.sampled_from([None, UUID(int=8), UUID(int=9)]),
)
def test_a_filter_says_what_its_condition_does(condition: Condition, amount_minor: int, campaign: UUID | None) -> None:
    event = msgspec.structs.replace(ordered(UUID(int=1), amount_minor=amount_minor), campaign_id=campaign)
    told = {name: value for name in kinds_of(type(event)) if (value := field_of(event, name)) is not None}
    assert filter_of(condition)(event) == explain(condition, situation({}, 20_000, event=told)).truth


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Said("campaign_id", "==", (CAMPAIGN,)), False),
        (Said("campaign_id", "!=", (CAMPAIGN,)), False),  # absent
        (Not(Said("campaign_id", "!=", (CAMPAIGN,))), True),
        (Said("channel", "==", ("assisted", "self")), True),
        (And((Said("amount_minor", ">=", (1000,)), Said("amount_minor", "<", (1001,)))), True),
        (Or((Said("amount_minor", ">", (1000,)), Said("channel", "!=", ("self",)))), False),
    ],
)
def test_filters(condition: Any, *, expected: bool) -> None:
    assert filter_of(condition)(ordered(UUID(int=1), amount_minor=1000)) == expected


def test_a_filter_knows_no_member() -> None:
    with pytest.raises(TypeError, match="more than the event's own fields"):
        filter_of(And((Always(), Stands("stage", ("convert",)))))
