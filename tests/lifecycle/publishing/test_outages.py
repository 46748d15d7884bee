"""A publish while something is down or a clock is wrong: everybody ends on the new version, each once, and nothing fires."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from common.bus.locks import EVERY_LANE
from common.bus.records import Received
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested
from factories.lifecycle import DAY, HOUR, INSTANT, START, Life, chatted, member, ordered, read, registered
from factories.lifecycle_rows import check
from factories.policies import SMALL_TEXT, changed
from lifecycle.batches.ticks.service import Ticks
from lifecycle.replays.trials.service import verified

pytestmark = pytest.mark.integration

ANNA, BEN, CLEO, DORA, EVA = map(member, range(1, 6))
STRICT = changed("convert: orders.count >= 1", "convert: orders.count >= 2")
MOMENT = START + 2 * HOUR
"""When the version takes effect."""
NEXT = MOMENT + HOUR
END = START + 5 * HOUR

BEFORE = [
    (registered(ANNA), timedelta(0)),
    (ordered(ANNA), timedelta(0)),
    (ordered(BEN), timedelta(0)),
    (registered(CLEO), timedelta(0)),
    (chatted(EVA), timedelta(0)),
]
MEANWHILE = [
    (ordered(EVA), HOUR),
    (ordered(BEN), 3 * HOUR),
    (ordered(CLEO), 3 * HOUR),
    (registered(DORA), 3 * HOUR),
    (chatted(ANNA), 4 * HOUR),
]
MOVES = {
    ANNA: ["acquire 1 event", "convert 1 event", "acquire 2 policy", "activate 1 event"],
    BEN: ["acquire 1 event", "convert 1 event", "acquire 2 policy", "convert 2 event"],
    CLEO: ["acquire 1 event"],
    DORA: ["acquire 1 event"],
    EVA: ["acquire 1 event", "activate 1 event", "convert 1 event", "activate 2 policy"],
}
Taken = list[Received[Any]]


def numbered(events: Sequence[tuple[Event, timedelta]], *, after: int = 0) -> Taken:
    return [read(event, START + ahead, number=number) for number, (event, ahead) in enumerate(events, after + 1)]


async def all_up(life: Life, events: Taken) -> None:
    for received in events:
        await life.clock.advance_to(received.appended_at)
        await life.tick(received.appended_at - INSTANT)
        await life.hand_over([received])


async def orders_are_silent(life: Life, events: Taken) -> None:
    """Its relay is down: the other producers' events are read as they come, its own at the end."""
    ticks = Ticks(life.service.runtime)
    for received in events:
        await life.clock.advance_to(received.appended_at)
        if received.row.producer != "orders":
            await life.hand_over([received])
        await ticks({lane: dict.fromkeys(("members", "engagement"), life.clock.now()) for lane in EVERY_LANE})
        await life.walk()
    assert await on_version(life, 1) == 4, "time stands still for those who were there; Dora came later"
    waiting = await life.service.db.fetchval("SELECT count(*) FROM waiting_event")
    assert waiting == 1, "Anna's chat would carry her over the moment"
    await life.clock.advance_to(END)
    await life.hand_over([received for received in events if received.row.producer == "orders"])


async def the_worker_is_down(life: Life, events: Taken) -> None:
    """Nothing is read, and no time passes; then everything at once, producer by producer."""
    await life.clock.advance_to(END)
    for producer in ("engagement", "orders", "members"):
        await life.hand_over([received for received in events if received.row.producer == producer])


async def the_workers_clock_goes_back(life: Life, events: Taken) -> None:
    """By as much as it likes, between batches and between a batch and a tick."""
    for behind, received in zip((0, 40, 70, 3, 0), events, strict=True):
        life.clock._now = received.appended_at - behind * HOUR
        await life.hand_over([received])
        life.clock._now = START - (behind % 7) * DAY
        await life.tick(received.appended_at - INSTANT)
        await life.walk()
    life.clock._now = START
    await life.tick(END)
    life.clock._now = END


Outage = Callable[[Life, Taken], Awaitable[None]]
OUTAGES: list[Outage] = [all_up, orders_are_silent, the_worker_is_down, the_workers_clock_goes_back]
in_every_outage = pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.__name__)


async def on_version(life: Life, version: int) -> int:
    found = await life.service.db.fetchval("SELECT count(*) FROM member WHERE version = $1", version)
    return int(found)


async def stages(life: Life) -> dict[Any, list[str]]:
    told = await life.service.db.fetch("SELECT * FROM transition WHERE dimension = 'stage' ORDER BY number")
    moves: dict[Any, list[str]] = {}
    for each in told:
        moves.setdefault(each["member_id"], []).append(f"{each['current']} {each['episode']} {each['cause']}")
    return moves


async def settled(life: Life) -> None:
    """All is up: time passes for everybody, whom nothing moves is swept; and what is kept is what the journal gives."""
    for _ in range(2):
        await life.pass_to(life.clock.now() + HOUR)
        await life.walk()
    for table in ("waiting_event", "dead_letter"):
        assert await life.service.db.fetchval(f"SELECT count(*) FROM {table}") == 0
    await check(life.service.db)
    assert [await verified(life.service.db, lane) for lane in EVERY_LANE] == [None] * len(EVERY_LANE)


async def asked(life: Life) -> Counter[tuple[int, str]]:
    people = [ANNA, BEN, CLEO, DORA, EVA]
    first = {each.action_id: each for each in await life.service.events(ActionRequested)}
    return Counter((people.index(each.member_id), each.rule) for each in first.values())


@in_every_outage
async def test_everybody_ends_on_the_new_version_once_and_nothing_fires(life: Life, outage: Outage) -> None:
    await all_up(life, numbered(BEFORE))
    version = await life.publish(STRICT, effective_at=MOMENT.isoformat())
    await outage(life, numbered(MEANWHILE, after=len(BEFORE)))
    await settled(life)

    assert await on_version(life, version) == 5
    assert await stages(life) == MOVES
    moved = await life.service.db.fetch("SELECT DISTINCT at, version FROM transition WHERE cause = 'policy'")
    assert [tuple(each) for each in moved] == [(MOMENT, version)]
    assert await asked(life) == Counter(
        {(0, "welcome"): 2, (0, "thanks"): 1, (1, "thanks"): 1, (2, "welcome"): 2, (3, "welcome"): 2, (4, "thanks"): 1}
    ), "each for what the member did"
    progress = {each["kind"]: each for each in (await life.get(f"/policies/{version}"))["walks"]}
    assert progress["sweep"]["is_finished"]


@pytest.mark.slow
@in_every_outage
async def test_who_meets_two_publishes_in_one_outage_goes_through_both(life: Life, outage: Outage) -> None:
    """The second takes the first back while nobody was taken to it yet."""
    await all_up(life, numbered(BEFORE))
    await life.publish(STRICT, effective_at=MOMENT.isoformat())
    back = (await life.post("/policies", text=SMALL_TEXT))["version"]
    await life.walk()
    await life.clock.advance_to(MOMENT)
    await life.post(f"/policies/{back}/publish", replaces=2, effective_at=NEXT.isoformat())
    life.clock._now = START
    await outage(life, numbered(MEANWHILE, after=len(BEFORE)))
    await settled(life)

    assert await on_version(life, back) == 5
    moved = await life.service.db.fetch("SELECT member_id, at, version, current FROM transition WHERE cause = 'policy'")
    assert sorted((each["at"], each["version"], each["member_id"], each["current"]) for each in moved) == sorted(
        [
            *((MOMENT, 2, who, "acquire") for who in (ANNA, BEN)),
            (MOMENT, 2, EVA, "activate"),
            *((NEXT, back, who, "convert") for who in (ANNA, EVA)),
            (NEXT, back, BEN, "convert"),
        ]
    )
    await life.pass_to(START + 7 * DAY)
    fired = {rule for (who, rule), _ in (await asked(life)).items() if who in {0, 4}}
    assert "second_order" not in fired, "whom a publish converted has not bought"


async def test_a_version_whose_moment_has_passed_for_the_members_takes_them_all_the_same(life: Life) -> None:
    """The clock of whoever publishes goes back by a day: the moment lies behind what the members have lived through."""
    later = [(event, DAY + ahead) for event, ahead in BEFORE]
    await all_up(life, numbered(later))
    life.clock._now = START
    version = await life.publish(STRICT)
    begun = START + timedelta(seconds=30)
    again = await life.post("/policies", text=SMALL_TEXT)
    refused = await life.post(f"/policies/{again['version']}/publish", replaces=version, status=409)
    assert refused["code"] == "not_replaced"
    assert begun.isoformat() in refused["detail"]

    await life.hand_over(numbered([(ordered(BEN), DAY + HOUR / 2)], after=9))
    await life.walk()
    life.clock._now = START + DAY
    await settled(life)
    await life.happen(chatted(CLEO), chatted(EVA))  # whom the version changes nothing for, until something happens
    assert await on_version(life, version) == 4
    assert (await stages(life))[BEN] == ["acquire 1 event", "convert 1 event", "acquire 2 policy", "convert 2 event"]
    moments = await life.service.db.fetch("SELECT DISTINCT at FROM transition WHERE cause = 'policy'")
    assert [each["at"] for each in moments] == [START + DAY], "no member's time goes back"
    assert {rule for _, rule in await asked(life)} == {"welcome", "thanks"}


async def test_a_moment_far_ahead_is_kept_when_the_clock_goes_back_and_comes_again(life: Life) -> None:
    """Nobody is taken over twice, and the gate stands meanwhile."""
    await all_up(life, numbered(BEFORE))
    version = await life.publish(STRICT, effective_at=MOMENT.isoformat())
    await life.pass_to(MOMENT + HOUR)
    await life.walk()
    found = await life.service.db.fetch("SELECT lane, gate_at, watermark FROM lane_clock ORDER BY lane")
    before = [tuple(each) for each in found]
    for moment in (START - 3 * DAY, START, MOMENT - INSTANT, MOMENT):
        life.clock._now = moment
        await life.tick(moment - INSTANT)
        await life.walk()
    after: list[tuple[int, datetime, datetime | None]] = [
        tuple(each)
        for each in await life.service.db.fetch("SELECT lane, gate_at, watermark FROM lane_clock ORDER BY lane")
    ]
    assert after == before
    life.clock._now = MOMENT + HOUR
    await settled(life)
    await life.happen(chatted(CLEO), chatted(EVA))
    assert await on_version(life, version) == 4
    assert [move for move in (await stages(life))[ANNA] if "policy" in move] == ["acquire 2 policy"]
