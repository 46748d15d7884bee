"""Law 7: the published policy as a draft does what live did; a draft knows nothing of what live's actions came to."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.lifecycle import granted, registered
from factories.lifecycle_journals import DAY, ENGINE, HOUR, MEMBERS, START, Live, lived, told
from factories.policies import SMALL_POLICY
from lifecycle.engine.domain import compiled
from lifecycle.replays.domain import events_of
from lifecycle.replays.rehearsals.domain import Rehearsal


def rehearsed(live: Live, rehearsal: Rehearsal) -> list[Any]:
    return [said for entry in live.journal for said in told(rehearsal.take(entry, events_of(entry)))]


def moves(told: list[Any]) -> list[Any]:
    return [each for each in told if hasattr(each[2], "dimension")]


def by_member(told: list[Any]) -> dict[UUID, list[Any]]:
    return {who: [(gate, said) for each, gate, said in told if each == who] for who in MEMBERS}


@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_published_policy_as_a_draft_does_what_live_did(seed: int) -> None:
    live = lived(seed)
    assert by_member(rehearsed(live, Rehearsal(0, ENGINE))) == by_member(live.told)
    alone_ = Rehearsal(0, ENGINE, only=MEMBERS[0])
    assert by_member(rehearsed(live, alone_))[MEMBERS[0]] == by_member(live.told)[MEMBERS[0]]


def test_the_law_would_notice_another_policy() -> None:
    live = lived(1)
    health = tuple(
        msgspec.structs.replace(value, condition=SMALL_POLICY.health[0].condition) if value.name == "dormant" else value
        for value in SMALL_POLICY.health
    )
    other = compiled(msgspec.structs.replace(SMALL_POLICY, health=health))
    assert by_member(rehearsed(live, Rehearsal(0, other))) != by_member(live.told)


def test_a_draft_wakes_members_whom_live_did_not() -> None:
    live = Live()
    live.tick(START)
    live.take(START, [registered(MEMBERS[0])])
    live.enter("time", START + 8 * DAY, b"")
    live.watermark = START + 9 * DAY
    live.enter("time", START + 9 * DAY, b"")  # a heartbeat: nobody was woken
    found = [said for *_, said in rehearsed(live, Rehearsal(0, ENGINE))]
    assert "at_risk" in {getattr(said, "current", None) for said in found}


def test_before_its_first_day_everybody_stands_and_nobody_is_told() -> None:
    live = lived(5)
    since = START + 15 * DAY
    found = rehearsed(live, Rehearsal(0, ENGINE, since=since))
    assert all(gate >= since for _, gate, said in found if getattr(said, "requests", ()))
    assert any(getattr(said, "requests", ()) for *_, said in found)
    assert by_member(moves(found)) == by_member(moves(live.told))


@pytest.mark.parametrize("own", [True, False])
def test_what_came_of_an_action_that_it_did_not_take_is_passed_over(own: bool, arrive: Callable[..., Any]) -> None:
    live = Live()
    live.tick(START)
    live.take(START, [registered(MEMBERS[0])])
    [welcome] = [said for *_, said in live.told if getattr(said, "requests", ())]
    action = welcome.requests[0].action_id if own else UUID(int=1)
    sent = arrive("message.sent", START, action_id=action, message_id=UUID(int=9)).event
    read = arrive("message.read", START, message_id=UUID(int=9)).event
    answer = [msgspec.structs.replace(event, member_id=MEMBERS[0]) for event in (sent, read)]
    live.take(START + HOUR, [*answer, granted(UUID(int=2), MEMBERS[0])])
    found = [said.current for *_, said in rehearsed(live, Rehearsal(0, ENGINE)) if hasattr(said, "dimension")]
    assert ("activate" in found) is own  # the message was read
