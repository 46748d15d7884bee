"""A random history as the service lives it: events, outcomes and ticks, a pause, a publish in the middle."""

from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from common.bus.records import Received
from common.contracts.event import Event
from common.contracts.members import MemberErased, MemberMerged, MemberUnmerged
from factories.lifecycle import (
    DAY,
    HOUR,
    Life,
    chatted,
    checked_in,
    granted,
    member,
    ordered,
    read,
    refused,
    registered,
)
from factories.policies import SMALL_TEXT
from lifecycle.publishing.changes import service as changes
from lifecycle.publishing.versions import service as versions

MEMBERS = [member(number) for number in range(6)]


async def live(life: Life, seed: int, *, eventful: bool = True, kin: bool = False) -> None:
    """`eventful`: with outcomes, a pause and a publish; `kin`: some are found to be one person, or not to be, some erased."""
    random, number, now = Random(seed), 0, life.clock.now()
    people = People(random)
    start = now
    await life.tick(now)
    for round_ in range(40):
        now += random.random() * 2 * DAY
        await life.clock.advance_to(now)
        events: list[Received[Any]] = []
        for _ in range(random.randint(0, 6)):
            number += 1
            who = random.choice(MEMBERS)
            made = random.choice(
                [
                    registered(who, now),
                    ordered(who, now),
                    chatted(who),
                    checked_in(who),
                    *(await answers(life, random, who) if eventful else []),
                    *(people.happens(who, now) if kin else []),
                ]
            )
            people.note(made)
            events.append(read(made, now - random.choice([0, 0, 1]) * HOUR, number=number))
        if random.random() < 0.2:
            life.clock._now = now - 3 * DAY  # a worker whose clock is behind
        await life.hand_over(events)
        if random.random() < 0.6:
            await life.tick(now - random.choice([0, 1, 30]) * HOUR)
        if eventful and round_ == 15:
            await pause(life, "say_hello")
        if eventful and round_ == 20:
            await publish(life, at=now + DAY)
    assert now > start


class People:
    """Who is whom, as members decides: who is themselves is merged into who is older; who is erased is nobody."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._roots: dict[UUID, UUID] = {}
        self._gone: set[UUID] = set()

    def happens(self, who: UUID, at: datetime) -> list[Event]:
        older = [each for each in MEMBERS if each.int < who.int and each not in self._gone]
        if who in self._gone:
            return []
        if who in self._roots:
            return [MemberUnmerged(member_id=who, root_id=self._roots[who], unmerged_at=at)]
        found: list[Event] = [MemberMerged(member_id=who, root_id=each, merged_at=at) for each in older]
        if who.int % 3 == 0 and self._random.random() < 0.1:
            found = [MemberErased(member_id=who, erased_at=at)]
        return found

    def note(self, event: Event) -> None:
        match event:
            case MemberMerged():
                self._roots[event.member_id] = event.root_id
            case MemberUnmerged():
                del self._roots[event.member_id]
            case MemberErased():
                self._roots.pop(event.member_id, None)
                self._gone.add(event.member_id)


async def answers(life: Life, random: Random, who: UUID) -> list[Any]:
    rows = await life.service.db.fetch("SELECT action_id FROM action WHERE member_id = $1 AND state <> 'done'", who)
    return [granted(row["action_id"], who) if random.random() < 0.5 else refused(row["action_id"], who) for row in rows]


async def pause(life: Life, rule: str) -> None:
    async with life.service.db.transaction() as uow:
        await changes.begin(uow)
        await changes.record(uow, "paused", rule=rule)


async def publish(life: Life, *, at: datetime) -> None:
    text = SMALL_TEXT.replace("7d", "5d")
    async with life.service.db.transaction() as uow:
        await changes.begin(uow)
        policy = (await versions.find(uow, 1))[1]
        number = await versions.store(uow, policy, text=text, tz="Asia/Shanghai")
        await changes.record(uow, "prepared", version=number)
        await changes.record(uow, "published", version=number, effective_at=at)
