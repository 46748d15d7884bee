"""What a rule did and is taken back: whatever was done, and in whatever order it is heard, it ends, once and for good."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.event import Event
from common.contracts.lifecycle import (
    Action,
    ActionRequested,
    AssignTask,
    CallWebhook,
    GrantPoints,
    IssueCoupon,
    SendMessage,
)
from common.contracts.members import RewardRefused, RewardRetained, RewardWithdrawn
from lifecycle.actions.domain import SILENCE, Effect, Slot, State, is_final, kind_of
from lifecycle.actions.withdrawals.domain import (
    MOST_ASKS,
    REWARDS,
    answer_of,
    answered,
    withdraw_again_at,
    withdrawn,
    withdrawn_again,
)

ANNA = UUID(int=1)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
ACTIONS: list[Action] = [
    IssueCoupon(template="a"),
    GrantPoints(points=3, reason="b"),
    SendMessage(template="c", channel="inbox"),
    AssignTask(team="d", due_minutes=5),
    CallWebhook(endpoint="e"),
]
SENT = {"send_message", "call_webhook"}


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    """One that was opened, whatever was heard of it since."""
    chosen = draw(
        st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(get_args(State))), min_size=1, max_size=4)
    )
    effects = tuple(
        Effect(
            ActionRequested(
                action_id=UUID(int=100 + index),
                member_id=ANNA,
                rule="r",
                key="k",
                attempt=1,
                action=action,
                valid_until=NOON,
            ),
            state,
            NOON,
        )
        for index, (action, state) in enumerate(chosen)
    )
    return Slot("r", "k", NOON, 1, "open", effects, depth=draw(st.integers(0, 3)), undoable=True)


def answer(action_id: UUID, kept: bool) -> Event:
    if kept:
        return RewardRetained(action_id=action_id, member_id=ANNA, kind="coupon", reason="spent")
    return RewardWithdrawn(action_id=action_id, member_id=ANNA, kind="coupon", withdrawn_at=NOON)


@given(slot=slots(), depth=st.integers(0, 5))
def test_all_that_may_have_been_done_is_asked_back_once_and_what_was_sent_stays(slot: Slot, depth: int) -> None:
    taken, telling = withdrawn(slot, member_id=ANNA, depth=depth, gate=NOON)
    expected = [
        each.request.action_id
        for each in slot.effects
        if not is_final(each.state) or (each.state == "done" and kind_of(each.request) not in SENT)
    ]
    assert sorted(each.event.action_id for each in telling) == sorted(expected)
    assert {(each.ask, each.event.member_id) for each in telling} <= {(1, ANNA)}
    assert all(each.depth == max(slot.depth, depth + 1) for each in telling)
    assert withdrawn(taken, member_id=ANNA, depth=depth, gate=NOON) == (taken, []), "a second time it changes nothing"


@given(slot=slots(), data=st.data())
def test_once_everything_is_answered_it_has_ended_and_stays_so(slot: Slot, data: st.DataObject) -> None:
    taken, _ = withdrawn(slot, member_id=ANNA, depth=0, gate=NOON)
    asked = {deed.action_id: deed.kind for deed in taken.deeds if deed.state == "undoing"}
    was_undone = any(deed.state == "undone" for deed in taken.deeds)
    had_ended = taken.state != "undoing"
    answers = {action_id: data.draw(st.booleans(), label="kept") for action_id in asked}
    heard: tuple[Slot, ...] = (taken,)
    for action_id in data.draw(st.permutations(sorted(answers, key=str))):
        assert heard[0].state == "undoing"
        heard = answered(heard, answer(action_id, answers[action_id]))
    assert heard[0].state in {"undone", "kept"}
    if not had_ended:
        a_reward_stayed = any(kept and asked[action_id] in REWARDS for action_id, kept in answers.items())
        undone = (was_undone or not all(answers.values())) and not a_reward_stayed
        assert heard[0].state == ("undone" if undone else "kept")
    for action_id, carried_out in answers.items():
        assert answered(heard, answer(action_id, kept=not carried_out)) == heard, "what comes late changes nothing"


@given(slot=slots(), late=st.lists(st.integers(0, 90_000), max_size=30))
def test_silence_asks_again_under_the_same_ids_rarer_each_time_and_ends(slot: Slot, late: list[int]) -> None:
    taken, telling = withdrawn(slot, member_id=ANNA, depth=0, gate=NOON)
    ids = {each.event.action_id for each in telling if each.state == "undoing"}
    kept: tuple[Slot, ...] = (taken,)
    asks = dict.fromkeys(ids, 1)
    for minutes in late:
        due = min((at for deed in kept[0].deeds if (at := withdraw_again_at(deed))), default=None)
        if due is None:
            break
        assert withdrawn_again(kept, member_id=ANNA, now=due - timedelta(microseconds=1), gate=NOON) == (kept, [])
        now = due + timedelta(minutes=minutes)
        kept, repeated = withdrawn_again(kept, member_id=ANNA, now=now, gate=NOON)
        assert repeated
        for each in repeated:
            asks[each.event.action_id] += 1
            assert each.ask == asks[each.event.action_id] <= MOST_ASKS
        nexts = [at for deed in kept[0].deeds if (at := withdraw_again_at(deed))]
        assert all(at >= now + 2 * SILENCE for at in nexts if at > now + SILENCE)
    assert asks.keys() == ids


def test_the_last_time_comes_after_ten_days() -> None:
    request = ActionRequested(
        action_id=UUID(int=9), member_id=ANNA, rule="r", key="", attempt=1, action=ACTIONS[0], valid_until=NOON
    )
    slot = Slot("r", "", NOON, 1, "open", (Effect(request, "requested", NOON),))
    kept: tuple[Slot, ...] = (withdrawn(slot, member_id=ANNA, depth=0, gate=NOON)[0],)
    last = NOON
    while due := withdraw_again_at(kept[0].deeds[0]):
        last = due
        kept, _ = withdrawn_again(kept, member_id=ANNA, now=due, gate=due)
    assert timedelta(days=10) <= last - NOON <= timedelta(days=11)
    assert kept[0].state == "undoing", "a person sees that it never ended"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (RewardRefused(action_id=UUID(int=9), member_id=ANNA, kind="coupon", reason="withdrawn"), "undone"),
        (answer(UUID(int=9), kept=True), "kept"),
        (answer(UUID(int=9), kept=False), "undone"),
    ],
)
def test_answers_are_told_from_other_events(event: Event, told: str) -> None:
    assert answer_of(event) == (UUID(int=9), told)
    slot = Slot("r", "k", NOON, 1, "done")
    assert answered((slot,), event) == (slot,), "nobody asked for it"
    other = msgspec.structs.replace(slot, state="undoing")
    assert answered((other,), event)[0].deeds == ()
