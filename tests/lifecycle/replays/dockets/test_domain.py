"""What an action's row comes to follows from what was asked for and heard; of who was another once, only that it was asked for."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.lifecycle import ActionRequested, SendMessage
from factories.lifecycle import HOUR, START, member
from lifecycle.identities.domain import Kin
from lifecycle.members.domain import Member
from lifecycle.replays.dockets.domain import ActionRow, action_row, asked_anew, asked_back, comparable, given_up

ANNA, ACTION = member(1), UUID(int=1)
OPEN = ("requested", "unknown", "undoing")
STATES = (*OPEN, "done", "refused", "failed", "undone", "kept")


def in_state(state: str) -> ActionRow:
    request = ActionRequested(
        action_id=ACTION,
        member_id=ANNA,
        rule="welcome",
        key="",
        attempt=1,
        action=SendMessage(template="welcome", channel="inbox"),
        valid_until=START + HOUR,
    )
    return msgspec.structs.replace(action_row(request, at=START, gate=START), state=state)


def of(mergers: int) -> Member:
    kin = Kin(mergers=mergers)
    return Member(member_id=ANNA, at=START, facts={}, standing={}, episodes={}, kin=kin)


@pytest.mark.parametrize("state", STATES)
def test_only_what_is_open_is_given_up(state: str) -> None:
    rows = {ACTION: in_state(state)}
    given_up(rows, START + HOUR)
    ended = ("failed", "member_erased", START + HOUR) if state in OPEN else (state, None, None)
    assert (rows[ACTION].state, rows[ACTION].reason, rows[ACTION].settled_at) == ended


def test_an_action_that_is_an_identitys_is_no_row_of_the_member() -> None:
    rows = {ACTION: in_state("requested")}
    asked_anew(rows, UUID(int=2))
    asked_back(rows, UUID(int=2), "undoing", START)
    assert rows == {ACTION: in_state("requested")}


@given(one=st.sampled_from(STATES), other=st.sampled_from(STATES))
def test_what_became_of_it_is_compared_of_who_was_never_another(one: str, other: str) -> None:
    rows = [{ACTION: in_state(state)} for state in (one, other)]
    alone, merged = [[comparable(each, of(mergers)) for each in rows] for mergers in (0, 1)]
    assert (alone[0] == alone[1]) is (one == other)
    assert merged[0] == merged[1]
    asked_otherwise = {ACTION: msgspec.structs.replace(rows[0][ACTION], attempt=2)}
    assert comparable(asked_otherwise, of(1)) != merged[0]
