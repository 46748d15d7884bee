"""Law 7: the published policy as a draft does what live did; a draft knows nothing of what live's actions came to."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.envelope import encode
from common.contracts.event import Event
from factories.lifecycle import chatted, checked_in, granted, member, ordered, registered
from factories.policies import DEFAULT_POLICY
from lifecycle.engine.domain import compiled
from lifecycle.journal.domain import Entry, Input, packed_events, packed_members
from lifecycle.rehearsals.domain import Rehearsal
from lifecycle.replays.domain import Happened, Population, events_of, replayed
from lifecycle.versions.domain import alone

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ENGINE = compiled(DEFAULT_POLICY)
VERSIONS = alone(ENGINE)
MEMBERS = [member(number) for number in range(5)]


class Live:
    """A lane as the batches live it: its journal and what happened."""

    def __init__(self) -> None:
        self.population = Population(0)
        self.journal: list[Entry] = []
        self.told: list[Any] = []
        self.watermark: datetime | None = None

    def take(self, at: datetime, events: list[Event]) -> None:
        inputs = [
            Input(
                producer=event.producer(),
                generation=1,
                position=n,
                appended_at=at,
                envelope=encode(
                    event,
                    event_id=UUID(int=len(self.journal) * 1000 + n),
                    service=event.producer(),
                    type_name=event.type_name(),
                    time=at,
                ),
            )
            for n, event in enumerate(events)
        ]
        self.enter("events", at, packed_events(inputs))

    def tick(self, at: datetime) -> None:
        self.watermark = at
        due = [who for who in self.population.states if (moment := self.due_at(who)) and moment <= at]
        self.enter("time", at, packed_members(due))

    def due_at(self, who: UUID) -> datetime | None:
        return self.population.subject(who, versions=VERSIONS, gate=START, watermark=None).wake_at

    def enter(self, kind: Any, at: datetime, inputs: bytes) -> None:
        entry = Entry(
            lane=0,
            number=len(self.journal) + 1,
            kind=kind,
            gate_at=at,
            watermark=self.watermark,
            revision=0,
            inputs=inputs,
        )
        self.journal.append(entry)
        self.told += told(replayed(self.population, VERSIONS, entry, events_of(entry)))


def told(happened: Iterator[Happened]) -> list[Any]:
    return [
        (each.member_id, each.gate, said)
        for each in happened
        for said in (*each.step.stepped.transitions, *each.step.stepped.decisions)
    ]


def rehearsed(live: Live, rehearsal: Rehearsal) -> list[Any]:
    return [said for entry in live.journal for said in told(rehearsal.take(entry, events_of(entry)))]


def lived(seed: int) -> Live:
    random, live, now = Random(seed), Live(), START
    live.tick(now)
    for _ in range(60):
        now += random.random() * DAY
        who = random.choice(MEMBERS)
        made: list[Event] = [registered(who, now), ordered(who, now), chatted(who), checked_in(who)]
        live.take(now, random.sample(made, random.randint(1, 2)))
        if random.random() < 0.5:
            live.tick(now)
    live.tick(now + 90 * DAY)
    return live


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
        msgspec.structs.replace(value, condition=DEFAULT_POLICY.health[0].condition)
        if value.name == "dormant"
        else value
        for value in DEFAULT_POLICY.health
    )
    other = compiled(msgspec.structs.replace(DEFAULT_POLICY, health=health))
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
