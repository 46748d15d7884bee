"""Identities on real rows: what is kept where, what is counted, and that time passes over nothing on its way."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.bus import dead_letters
from common.bus.lanes import lane_of
from common.bus.locks import EVERY_LANE, lock_lanes
from common.contracts.envelope import decode as decode_envelope
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested, HealthChanged
from common.contracts.members import MemberErased, MemberMerged, MemberUnmerged
from common.contracts.orders import OrderCancelled
from factories.lifecycle import DAY, HOUR, INSTANT, START, Life, chatted, granted, member, ordered, read, registered
from factories.lifecycle_rows import check, forget, rows
from factories.policies import changed
from lifecycle.batches.domain import Subject
from lifecycle.consumers import HANDLERS
from lifecycle.journal import service as journal
from lifecycle.journal.domain import Entry, unpacked_events, unpacked_members
from lifecycle.members.domain import encode
from lifecycle.stepping.clocks import service as clocks
from lifecycle.stepping.domain import Arrival

pytestmark = pytest.mark.integration

ANNA, BEN, CARL = member(1), member(2), member(3)


def merged(who: UUID, into: UUID, at: datetime) -> MemberMerged:
    return MemberMerged(member_id=who, root_id=into, merged_at=at)


def unmerged(who: UUID, of: UUID, at: datetime) -> MemberUnmerged:
    return MemberUnmerged(member_id=who, root_id=of, unmerged_at=at)


async def settle(life: Life) -> None:
    """Everything that is on its way arrives; time passes to now."""
    for _ in range(3):
        await life.tick(life.clock.now())


async def met(life: Life) -> None:
    """Anna registered; Ben registered and ordered, and is Anna."""
    await life.happen(registered(ANNA), registered(BEN), ordered(BEN))
    await life.happen(merged(BEN, ANNA, START))
    await settle(life)


async def test_whoever_is_another_is_found_as_that_one(life: Life) -> None:
    await met(life)
    anna = await life.member(ANNA)
    assert (anna["stage"], anna["metrics"]["orders"]["count"]) == ("convert", 1)
    assert [each["cause"] for each in anna["transitions"] if each["current"] == "convert"] == ["merge"]
    assert await life.member(BEN) == anna
    assert [each["member_id"] for each in (await life.get("/members"))["items"]] == [str(ANNA)]
    assert (await life.get("/standing-counts"))["members"] == 1
    known = {each["member_id"]: each["merged_into"] for each in anna["identities"]}
    assert known == {str(ANNA): None, str(BEN): str(ANNA)}
    await check(life.service.db)


async def test_what_happens_to_an_identity_happens_to_whom_they_are(life: Life) -> None:
    await met(life)
    await life.clock.advance_to(START + DAY)
    await life.happen(ordered(BEN, START + DAY))
    await settle(life)
    assert (await life.member(ANNA))["stage"] == "repurchase"
    asked = [each for each in await life.service.events(ActionRequested) if each.member_id == BEN]
    await life.happen(*(granted(each.action_id, BEN) for each in asked))
    await settle(life)
    assert {each["state"] for each in (await life.get("/actions", member_id_=str(BEN)))["items"]} >= {"done"}
    await check(life.service.db)


async def test_silence_about_an_identity_is_answered_under_its_id(life: Life) -> None:
    await met(life)
    await life.pass_to(START + HOUR + INSTANT)
    asked = [each for each in await life.service.events(ActionRequested) if each.member_id == BEN]
    assert len(asked) == 2 * len({each.action_id for each in asked})
    await check(life.service.db)


async def test_whoever_parts_stands_where_they_stood(life: Life) -> None:
    await met(life)
    await life.happen(unmerged(BEN, ANNA, START))
    await settle(life)
    assert (await life.member(ANNA))["stage"] == "acquire"
    ben = await life.member(BEN)
    assert (ben["stage"], ben["member_id"]) == ("convert", str(BEN))
    assert (await life.get("/standing-counts"))["members"] == 2
    await check(life.service.db)


async def test_a_circle_ends_in_the_dead_letters(life: Life) -> None:
    await life.happen(registered(ANNA), registered(BEN), merged(BEN, ANNA, START), merged(ANNA, BEN, START))
    await settle(life)
    [letter] = await dead_letters.list_letters(life.service.db)
    assert (letter["type"], letter["reason"]) == (MemberMerged.type_name(), "poison")
    assert "MergedInCircle" in letter["error"]
    assert (await life.member(BEN))["member_id"] == str(ANNA)

    await life.happen(unmerged(BEN, ANNA, START))
    await dead_letters.replay(life.service.db, letter["id"], HANDLERS)
    await settle(life)
    assert (await life.member(ANNA))["member_id"] == str(BEN)
    await check(life.service.db)


async def test_two_who_become_one_another_at_once_do_not_both_vanish(life: Life) -> None:
    """As two workers do over Kafka, each with a lane of its own."""
    await life.happen(registered(ANNA), registered(BEN))

    async def hand_over(event: Event, number: int) -> None:
        async with life.service.db.transaction() as uow:
            await lock_lanes(uow, "nobody", [lane_of(event.subject)])
            await HANDLERS.table[MemberMerged](uow, [read(event, START, number=number)])

    done = await asyncio.gather(
        hand_over(merged(ANNA, BEN, START), 11), hand_over(merged(BEN, ANNA, START), 12), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in done) == ["MergedInCircle", "NoneType"]


async def test_nobody_falls_over_what_is_on_its_way(life: Life) -> None:
    """Law 5 for identities: Ben's order has been read in his lane, and has not arrived in Anna's."""
    await life.happen(registered(ANNA), registered(BEN))
    await life.hand_over([read(ordered(ANNA, START), START, number=1)])
    await life.hand_over([read(merged(BEN, ANNA, START), START, number=2)])
    await settle(life)
    await life.clock.advance_to(START + 40 * DAY)
    await life.tick(START + 5 * DAY)
    late = START + 29 * DAY
    await life.hand_over([read(ordered(BEN, late), late, number=3)])
    await life.tick(START + 40 * DAY)
    assert "at_risk" not in [each.current for each in await life.service.events(HealthChanged)]
    await check(life.service.db)


async def test_time_waits_for_a_lane_that_forwards(life: Life) -> None:
    await met(life)
    anna, ben = lane_of(str(ANNA)), lane_of(str(BEN))
    assert anna != ben
    await life.clock.advance_to(START + 60 * DAY)
    await life.tick(START + 60 * DAY, lanes=[anna])
    assert datetime.fromisoformat((await life.member(ANNA))["at"]) == START
    await life.tick(START + 60 * DAY, lanes=[ben])
    await life.tick(START + 60 * DAY, lanes=[anna])
    assert (await life.member(ANNA))["health"] == "dormant"
    async with life.service.db.transaction() as uow:
        times = await clocks.turn(uow, EVERY_LANE)
    assert times[anna].watermark == START + 60 * DAY


happened = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["order", "chat", "merge", "part", "erase"])), max_size=14
)
cuts = st.lists(st.booleans(), max_size=14)


def feed(did: list[tuple[int, str]]) -> list[Any]:
    """Everyone's events, with mergers that members would allow: of who is themselves into who is older."""
    people, roots = (ANNA, BEN, CARL), dict[UUID, UUID]()
    told = [read(registered(who), START, number=n) for n, who in enumerate(people, 1)]
    for number, (who, what) in enumerate(did, 10):
        at, one = START + number * HOUR, people[who]
        event: Event = ordered(one, at) if what == "order" else chatted(one)
        if what == "merge" and who and one not in roots:
            roots[one] = people[who - 1]
            event = merged(one, roots[one], at)
        elif what == "part" and one in roots:
            event = unmerged(one, roots.pop(one), at)
        elif what == "erase" and who == 2:
            event = MemberErased(member_id=one, erased_at=at)
        told.append(read(event, at, number=number))
    return told


async def replayed(life: Life) -> dict[UUID, bytes]:
    """Law 6: each lane made again from its own journal, which has what other lanes sent it."""
    db, subjects = life.service.db, dict[UUID, Subject[None]]()
    versions = await life.service.runtime.resources.versions.now(db)

    def subject_at(member_id: UUID, entry: Entry) -> Subject[None]:
        subject = subjects.setdefault(
            member_id, Subject(versions=versions, lane=entry.lane, gate=entry.gate_at, watermark=entry.watermark)
        )
        subject.gate, subject.watermark = entry.gate_at, entry.watermark
        return subject

    for lane in EVERY_LANE:
        async for entry in journal.read(db, lane):
            for woken in unpacked_members(entry.inputs) if entry.kind == "time" else ():
                list(subject_at(woken, entry).wake())
            for each in unpacked_events(entry.inputs) if entry.kind == "events" else ():
                envelope, event = decode_envelope(each.envelope)
                arrival = Arrival(
                    event_id=envelope.id,
                    time=envelope.time,
                    appended_at=each.appended_at,
                    event=event,
                    revision=entry.revision,
                    depth=envelope.causationdepth,
                )
                subject = subject_at(UUID(event.subject), entry)
                list(subject.take(producer=each.producer, arrival=arrival, source=None))
    return {member_id: encode(subject.member) for member_id, subject in subjects.items() if subject.member}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(did=happened, cut=cuts)
async def test_however_it_is_cut_and_whenever_it_arrives_the_same_stand_where_they_stood(
    life: Life, did: list[tuple[int, str]], cut: list[bool]
) -> None:
    ends = []
    for together in (True, False):
        await forget(life.service.db)
        await life.tick(START - DAY)
        cuts_left = list(cut)
        for received in feed(did):
            await life.hand_over([received])
            if not together and (not cuts_left or cuts_left.pop()):
                await life.tick(received.appended_at - INSTANT)
        for _ in range(4):
            await life.tick(START + 30 * DAY)
        await check(life.service.db)
        found = await rows(life.service.db)
        ends.append([(row[0], row[3], row[4]) for row in found["members"]])
        assert not found["waiting"]
        assert await life.service.db.fetchval("SELECT count(*) FROM forwarded_event") == 0
        assert {row[0]: row[2] for row in found["members"]} == await replayed(life)
    assert ends[0] == ends[1]


async def test_what_is_counted_anew_is_counted_of_each_identity(life: Life) -> None:
    """Before they met and after: what Ben cancelled, which no policy had counted."""
    gone = OrderCancelled(order_id=member(9), member_id=BEN, reason="member", cancelled_at=START)
    await life.happen(registered(ANNA), registered(BEN), gone)
    await life.happen(merged(BEN, ANNA, START))
    await life.happen(msgspec.structs.replace(gone, order_id=member(10)))
    await settle(life)
    metric = "  refunds: {event: order.refunded}"
    await life.publish(changed(metric, f"{metric}\n  cancelled: {{event: order.cancelled}}"))
    await life.happen(msgspec.structs.replace(gone, order_id=member(11)))
    await life.clock.advance_to(START + DAY)
    for _ in range(3):
        await life.tick(START + DAY)
        await life.walk()
    assert (await life.member(ANNA))["metrics"]["cancelled"]["count"] == 3

    await life.happen(unmerged(BEN, ANNA, START + DAY))
    await settle(life)
    assert (await life.member(ANNA))["metrics"]["cancelled"]["count"] == 0
    assert (await life.member(BEN))["metrics"]["cancelled"]["count"] == 3
