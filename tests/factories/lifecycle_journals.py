"""A lane's journal in memory, as the batches would have written it, and what happened."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from common.contracts.envelope import encode
from common.contracts.event import Event
from factories.lifecycle import chatted, checked_in, member, ordered, registered
from factories.policies import SMALL_POLICY
from lifecycle.engine.domain import compiled
from lifecycle.journal.domain import Entry, Input, packed_events, packed_members
from lifecycle.publishing.versions.domain import alone
from lifecycle.replays.domain import Happened, Population, events_of, replayed

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ENGINE = compiled(SMALL_POLICY)
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
