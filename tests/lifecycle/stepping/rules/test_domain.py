from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from common.contracts.lifecycle import GrantPoints
from common.contracts.orders import OrderConfirmed
from factories.policies import SMALL_POLICY
from lifecycle.calendars.domain import Span
from lifecycle.engine.domain import compiled
from lifecycle.members.domain import Episode, Member, Pending
from lifecycle.policy.rulebook.domain import Enters, Held, Leaves, On, Per, Rule
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.domain import Arrival
from lifecycle.stepping.rules.domain import Occasion, Orphan, is_still, matured, triggered_by_change, triggered_by_event

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
POINT = (GrantPoints(points=1, reason="test"),)
AT_ONCE = Rule(id="at_once", trigger=Enters("convert"), actions=POINT)
SETTLED = Rule(id="settled", trigger=Enters("convert", settle=HOUR), reentry="each", actions=POINT)
HELD = Rule(id="held", trigger=Held("convert", Span(5)), still=False, actions=POINT)
WAITING = Rule(id="waiting", trigger=Enters("convert", settle=HOUR), still=False, actions=POINT)
EVENT = Rule(id="event", trigger=On("order.confirmed"), reentry="each", actions=POINT)
PER_POINT = Rule(id="per_point", trigger=On("order.confirmed"), reentry=Per(("pickup_point_id",)), actions=POINT)
LEAVES = Rule(id="leaves", trigger=Leaves("convert", settle=HOUR), reentry="each", actions=POINT)
FROM_RETAIN = Rule(id="from_retain", trigger=Enters("convert", coming_from=("retain",)), actions=POINT)
RULES = (AT_ONCE, SETTLED, HELD, WAITING, EVENT, PER_POINT, LEAVES, FROM_RETAIN)
ENGINE = compiled(msgspec.structs.replace(SMALL_POLICY, rules=RULES))


def entry(cause: Any = "event", previous: str = "acquire", current: str = "convert") -> Transition:
    return Transition(dimension="stage", previous=previous, current=current, episode=3, at=NOON, cause=cause)


def member(*pending: Pending, stage: str = "convert", episode: int = 3, at: datetime = NOON) -> Member:
    episodes = {"convert": Episode(episode, NOON, "event")}
    standing = {"stage": stage, "health": "active"}
    return Member(member_id=UUID(int=1), at=at, facts={}, standing=standing, episodes=episodes, pending=pending)


def test_an_event_triggers_the_rules_that_name_it(arrive: Callable[..., Arrival]) -> None:
    checkin, confirmed = (arrive(name, NOON).event for name in ("checkin.recorded", "order.confirmed"))
    assert isinstance(confirmed, OrderConfirmed)
    assert list(triggered_by_event(ENGINE, member(), confirmed, event_id=UUID(int=5))) == [
        Occasion(rule=EVENT, key=str(UUID(int=5)), at=NOON),
        Occasion(rule=PER_POINT, key=str(confirmed.pickup_point_id), at=NOON),
    ]
    assert not list(triggered_by_event(ENGINE, member(), checkin, event_id=UUID(int=5)))


@pytest.mark.parametrize("cause", ["event", "time"])
def test_an_entry_triggers_now_or_later(cause: str) -> None:
    assert list(triggered_by_change(ENGINE, member(), entry(cause))) == [
        Occasion(rule=AT_ONCE, key="", at=NOON, value="convert", episode=3),
        Pending("settled", "convert", 3, NOON + HOUR),
        Pending("held", "convert", 3, NOON + timedelta(days=5)),
        Pending("waiting", "convert", 3, NOON + HOUR),
    ]


def test_an_entry_may_have_to_come_from_somewhere() -> None:
    triggered = {
        each.rule.id
        for each in triggered_by_change(ENGINE, member(), entry(previous="retain"))
        if isinstance(each, Occasion)
    }
    assert triggered == {"at_once", "from_retain"}


def test_leaving_triggers_under_the_episode_that_ended() -> None:
    left = entry(previous="convert", current="retain")
    assert list(triggered_by_change(ENGINE, member(stage="retain"), left)) == [
        Pending("leaves", "convert", 3, NOON + HOUR)
    ]


@pytest.mark.parametrize("cause", ["policy", "merge", "correction"])
def test_what_the_member_did_not_cause_triggers_nothing(cause: str) -> None:
    assert not list(triggered_by_change(ENGINE, member(), entry(cause)))


def test_leaving_triggers_no_entry() -> None:
    left = Transition(dimension="stage", previous="acquire", current=None, episode=1, at=NOON, cause="time")
    assert not list(triggered_by_change(ENGINE, member(), left))


def test_an_episode_ends_when_the_value_is_left() -> None:
    assert is_still(ENGINE, member(), AT_ONCE, "convert", 3)
    assert not is_still(ENGINE, member(), AT_ONCE, "convert", 2)
    assert not is_still(ENGINE, member(stage="activate"), AT_ONCE, "convert", 3)
    assert not is_still(ENGINE, member(), AT_ONCE, "vanished", 3)


def test_who_left_is_still_away_until_they_are_back() -> None:
    assert is_still(ENGINE, member(stage="retain"), LEAVES, "convert", 3)
    assert not is_still(ENGINE, member(), LEAVES, "convert", 3)
    assert not is_still(ENGINE, member(stage="retain", episode=4), LEAVES, "convert", 3)


def test_what_waits_to_be_released_keeps_its_key_and_its_moment() -> None:
    pending = Pending("event", None, 0, NOON, "some event", NOON - HOUR)
    assert list(matured(ENGINE, member(pending))) == [
        Occasion(rule=EVENT, key="some event", at=NOON - HOUR, waited=True)
    ]


@pytest.mark.parametrize(
    ("rule", "due", "stage", "matures"),
    [
        ("settled", NOON, "convert", True),
        ("settled", NOON + HOUR, "convert", False),
        ("settled", NOON + HOUR, "activate", True),  # nothing to wait for
        ("held", NOON + HOUR, "activate", True),  # whatever `still` says
        ("waiting", NOON + HOUR, "activate", False),
        ("waiting", NOON, "activate", True),
    ],
)
def test_what_waits_matures_when_due_or_in_vain(rule: str, due: datetime, stage: str, *, matures: bool) -> None:
    pending = Pending(rule, "convert", 3, due)
    (found,) = matured(ENGINE, member(pending, stage=stage))
    if matures:
        assert isinstance(found, Occasion)
        assert (found.rule.id, found.at, found.episode) == (rule, NOON, 3)
    else:
        assert found == pending


def test_what_waits_for_no_rule_is_withdrawn() -> None:
    pending = Pending("vanished", "convert", 3, NOON)
    assert list(matured(ENGINE, member(pending))) == [Orphan(pending)]
