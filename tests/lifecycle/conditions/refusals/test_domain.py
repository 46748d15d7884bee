"""What stands where: time alone must tell when a member's standing changes next."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.conditions import conditions, read, refusals
from lifecycle.conditions.expressions.domain import RULES_ONLY, And, Condition, In, Not, Or, Said, Stands, walk
from lifecycle.conditions.scopes.domain import AskedIn

TIME_TELLS = "time alone must tell when a member's standing changes next"
CLOCK = f"{TIME_TELLS}, and this would turn it over and over for everybody at once; put it in the `if` of a rule"
DATES = f"{TIME_TELLS}, and this depends on dates that may still be changed; put it in the `if` of a rule"


def may(asked_in: AskedIn, condition: Condition) -> bool:
    for node in walk(condition):
        match node:
            case And() | Or() | Not():
                allowed = True
            case Said():
                allowed = asked_in in {"rules", "where"}
            case In() | Stands(dimension="health"):
                allowed = asked_in in {"rules", "segments"}
            case Stands():
                allowed = asked_in in {"rules", "segments", "health"}
            case _ if isinstance(node, RULES_ONLY):
                allowed = asked_in == "rules"
            case _:
                allowed = asked_in != "where"
        if not allowed:
            return False
    return True


@given(conditions("rules"), st.sampled_from(get_args(AskedIn)))
def test_each_place_takes_what_it_may_and_nothing_else(condition: Condition, asked_in: AskedIn) -> None:
    assert (read(str(condition), asked_in).condition == condition) == may(asked_in, condition)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hour in 9..21", f"1:1: 'hour' cannot stand in stages: {CLOCK}"),
        ("weekday = sat", f"1:1: 'weekday' cannot stand in stages: {CLOCK}"),
        ("always or holiday", f"1:11: 'holiday' cannot stand in stages: {DATES}"),
        ("birthday", f"1:1: 'birthday' cannot stand in stages: {DATES}"),
        (
            "since(convert) > 36h",
            (
                "1:1: 'since(convert)' cannot stand in stages: where members stand follows from what they did, not from how long "
                "they stood somewhere, so that time alone tells the next change; put it in the `if` of a rule, or let a rule be "
                "triggered by held"
            ),
        ),
        (
            "since(joined) - since(orders) > 30d",
            (
                f"1:1: 'since(joined) - since(orders)' cannot stand in stages: {TIME_TELLS}, and a difference of ages is changed "
                "by events, not by time; compare each age with days, or put it in the `if` of a rule"
            ),
        ),
        (
            "event.channel = 'wechat'",
            (
                f"1:1: 'event.channel' cannot stand in stages: {TIME_TELLS}, and no event is at hand then; filter a metric by it "
                "(where), or put it in the `if` of a rule"
            ),
        ),
        (
            "stage = convert",
            (
                "1:1: 'stage' is not known yet in stages: stages are found first, then health, then segments; repeat its condition "
                "here, or ask it in what comes later or in a rule"
            ),
        ),
        (
            "in(loyal)",
            (
                "1:1: 'in(loyal)' is not known yet in stages: stages are found first, then health, then segments; repeat its "
                "condition here, or ask it in what comes later or in a rule"
            ),
        ),
    ],
)
def test_what_cannot_stand_in_stages_is_told_with_the_reason(text: str, told: str) -> None:
    assert refusals(text, "stages") == [told]


@pytest.mark.parametrize("text", ["orders.count > 2", "since(orders) > 7d", "never(orders)", "consent(promo)"])
def test_the_filter_of_a_metric_asks_nothing_but_the_event(text: str) -> None:
    [told] = refusals(text, "where")
    assert told.endswith(
        ": the filter of a metric asks nothing but fields of the event itself, so that the order of events does not matter; "
        "there are: channel, payable_minor, gift, business_day"
    )
