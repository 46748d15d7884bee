from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.lifecycle import ActionRequested, GrantPoints
from lifecycle.actions.domain import (
    SILENCE,
    Effect,
    Happening,
    Slot,
    State,
    action_id,
    after,
    ask_again_at,
    asked_again,
    concluded,
    is_final,
    opened,
    taken,
)
from lifecycle.stepping.domain import Arrival

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
Arrive = Callable[..., Arrival]


def request(index: int = 0, *, rule: str = "welcome", key: str = "", attempt: int = 1) -> ActionRequested:
    return ActionRequested(
        action_id=action_id(rule=rule, member_id=UUID(int=1), key=key, attempt=attempt, index=index),
        member_id=UUID(int=1),
        rule=rule,
        key=key,
        attempt=attempt,
        action=GrantPoints(points=1, reason="welcome"),
        valid_until=NOON + timedelta(hours=48),
    )


def slot_of(*requests: ActionRequested) -> Slot:
    return opened(requests, at=NOON, gate=NOON, depth=1, undoable=False)


def open_slots(*requests: ActionRequested) -> tuple[Slot, ...]:
    return (slot_of(*requests),)


def state_of(slots: tuple[Slot, ...]) -> str:
    (slot,) = slots
    return slot.state


@pytest.mark.parametrize(("state", "happening"), [*product(get_args(State), get_args(Happening))])
def test_a_final_state_stays(state: State, happening: Happening) -> None:
    if is_final(state):
        assert after(state, happening) == state


@pytest.mark.parametrize(
    ("state", "happening", "then"),
    [
        ("pending", "released", "requested"),
        ("requested", "carried_out", "done"),
        ("requested", "declined", "refused"),
        ("requested", "broken", "failed"),
        ("requested", "silent", "unknown"),
        ("unknown", "silent", "unknown"),
        ("unknown", "carried_out", "done"),
        ("unknown", "declined", "refused"),
        ("pending", "carried_out", "pending"),
    ],
)
def test_states(state: State, happening: Happening, then: State) -> None:
    assert after(state, happening) == then


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["reward.granted"], "done"),
        (["message.sent"], "done"),
        (["reward.refused"], "free"),
        (["message.refused"], "free"),
        (["task.opened"], "done"),
        (["task.refused"], "free"),
        (["webhook.delivered"], "done"),
        (["webhook.refused"], "free"),
        (["reward.granted", "reward.refused"], "done"),
        (["reward.refused", "reward.granted"], "free"),
        ([], "open"),
        (["order.confirmed"], "open"),
    ],
)
def test_only_a_final_no_frees_the_slot(outcomes: list[str], expected: str, arrive: Arrive) -> None:
    slots = open_slots(request())
    for name in outcomes:
        reason = {"reason": "expired"} if name.endswith("refused") else {}
        slots = concluded(slots, arrive(name, NOON, action_id=request().action_id, **reason).event)
    assert state_of(slots) == expected


def test_the_outcome_of_another_action_changes_nothing(arrive: Arrive) -> None:
    slots = open_slots(request())
    assert concluded(slots, arrive("reward.granted", NOON, action_id=UUID(int=99)).event) == slots
    assert concluded(slots, arrive("message.sent", NOON, action_id=None).event) == slots


def test_a_slot_with_two_actions_is_free_only_when_both_were_refused(arrive: Arrive) -> None:
    message, coupon = request(0), request(1)
    refused = arrive("reward.refused", NOON, action_id=coupon.action_id, reason="supply_exhausted").event
    half = concluded(open_slots(message, coupon), refused)
    assert state_of(half) == "open"
    assert state_of(concluded(half, arrive("message.sent", NOON, action_id=message.action_id).event)) == "done"
    refused = arrive("message.refused", NOON, action_id=message.action_id, reason="expired").event
    assert state_of(concluded(half, refused)) == "free"


def test_a_rule_keeps_its_latest_slot_and_those_still_open() -> None:
    done = Slot("points", "a", NOON, 1, "done")
    other = Slot("welcome", "", NOON, 1, "done")
    first = taken((done, other), slot_of(request(rule="points", key="b")), keeps=False)
    second = taken(first, slot_of(request(rule="points", key="c")), keeps=False)
    assert [(slot.rule, slot.key) for slot in second] == [("welcome", ""), ("points", "b"), ("points", "c")]


def test_a_rule_that_once_was_once_remembers_it() -> None:
    slots = taken((Slot("points", "", NOON, 1, "done"),), slot_of(request(rule="points", key="a")), keeps=False)
    assert [slot.key for slot in slots] == ["", "a"]


@settings(max_examples=50, deadline=None)
@given(hours=st.lists(st.integers(0, 30), max_size=30))
def test_silence_asks_again_under_the_same_id_and_ends(hours: list[int]) -> None:
    slots, now, asked = open_slots(request()), NOON, [request()]
    for hour in hours:
        now += timedelta(hours=hour)
        slots, repeated = asked_again(slots, now=now, gate=now)
        asked += repeated
    assert set(map(str, asked)) == {str(request())}
    assert len(asked) <= 8
    assert state_of(slots) == "open"


def test_the_last_ask_is_the_first_after_validity() -> None:
    effect = Effect(request(), "requested", NOON)
    assert ask_again_at(effect) == NOON + SILENCE
    late = Effect(request(), "unknown", NOON + timedelta(hours=49), 7)
    assert ask_again_at(late) is None
    assert ask_again_at(Effect(request(), "done", NOON)) is None


def test_an_action_id_is_the_same_again_and_never_that_of_another() -> None:
    parts = product(("a", "b"), (UUID(int=1), UUID(int=2)), ("", "x#1", "x#2"), (1, 2), (0, 1))
    ids = {
        action_id(rule=rule, member_id=member, key=key, attempt=attempt, index=index)
        for rule, member, key, attempt, index in parts
    }
    assert len(ids) == 48
    assert request() == request()
