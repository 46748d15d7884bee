from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from common.contracts.lifecycle import GrantPoints
from factories.lifecycle import ordered, registered
from lifecycle.calendars.domain import Span
from lifecycle.default_policy import DEFAULT_POLICY
from lifecycle.engine.domain import compiled
from lifecycle.members.domain import Episode, Member, Pending
from lifecycle.policy.domain import Enters, Held, On, Rule
from lifecycle.rules.domain import Occasion, Withdrawn, is_still, matured, triggered_by_entry, triggered_by_event
from lifecycle.transitions.domain import Transition

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
POINT = (GrantPoints(points=1, reason="test"),)
AT_ONCE = Rule(id="at_once", trigger=Enters("convert"), actions=POINT)
SETTLED = Rule(id="settled", trigger=Enters("convert", settle=HOUR), reentry="each", actions=POINT)
HELD = Rule(id="held", trigger=Held("convert", Span(5)), still=False, actions=POINT)
WAITING = Rule(id="waiting", trigger=Enters("convert", settle=HOUR), still=False, actions=POINT)
EVENT = Rule(id="event", trigger=On("order.confirmed"), reentry="each", actions=POINT)
ENGINE = compiled(msgspec.structs.replace(DEFAULT_POLICY, rules=(AT_ONCE, SETTLED, HELD, WAITING, EVENT)))


def entry(cause: Any = "event") -> Transition:
    return Transition(dimension="stage", previous="acquire", current="convert", episode=3, at=NOON, cause=cause)


def member(*pending: Pending, stage: str = "convert", episode: int = 3, at: datetime = NOON) -> Member:
    episodes = {"convert": Episode(episode, NOON, "event")}
    standing = {"stage": stage, "health": "active"}
    return Member(member_id=UUID(int=1), at=at, facts={}, standing=standing, episodes=episodes, pending=pending)


def test_an_event_triggers_the_rules_that_name_it() -> None:
    order = ordered(UUID(int=1))
    occasions = list(triggered_by_event(ENGINE, order, UUID(int=5), NOON))
    assert occasions == [Occasion(rule=EVENT, key=str(UUID(int=5)), at=NOON, event=order)]
    assert not list(triggered_by_event(ENGINE, registered(UUID(int=1)), UUID(int=5), NOON))


@pytest.mark.parametrize("cause", ["event", "time"])
def test_an_entry_triggers_now_or_later(cause: str) -> None:
    assert list(triggered_by_entry(ENGINE, entry(cause))) == [
        Occasion(rule=AT_ONCE, key="", at=NOON, value="convert", episode=3),
        Pending("settled", "convert", 3, NOON + HOUR),
        Pending("held", "convert", 3, NOON + timedelta(days=5)),
        Pending("waiting", "convert", 3, NOON + HOUR),
    ]


@pytest.mark.parametrize("cause", ["policy", "merge", "correction"])
def test_what_the_member_did_not_cause_triggers_nothing(cause: str) -> None:
    assert not list(triggered_by_entry(ENGINE, entry(cause)))


def test_leaving_triggers_no_entry() -> None:
    left = Transition(dimension="loyal", previous="loyal", current=None, episode=1, at=NOON, cause="time")
    assert not list(triggered_by_entry(ENGINE, left))


def test_an_episode_ends_when_the_value_is_left() -> None:
    assert is_still(ENGINE, member(), "convert", 3)
    assert not is_still(ENGINE, member(), "convert", 2)
    assert not is_still(ENGINE, member(stage="activate"), "convert", 3)
    assert not is_still(ENGINE, member(), "vanished", 3)


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
    assert list(matured(ENGINE, member(pending))) == [Withdrawn(pending)]
