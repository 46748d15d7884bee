"""Bytes that are no event, and events that cannot be: set aside with a clear error, and the log goes on."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from common.bus import dead_letters
from common.bus.outbox import Appended, append
from common.bus.processing import CLOCK_TOLERANCE
from common.bus.records import Handlers, Received
from common.clock import VirtualClock
from common.contracts.envelope import MAXIMUM_BYTES, EnvelopeError
from common.contracts.members import PointsEarned, ProfileChanged
from common.db import UnitOfWork
from common.ids import new_id
from integration.bus.effects import earned, member, recording
from integration.bus.harness import Log

pytestmark = pytest.mark.integration

GOOD = {
    "specversion": "1.0",
    "id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "source": "/huitou/members",
    "type": "huitou.members.points.earned.v1",
    "subject": "a member",
    "time": "2026-01-01T00:00:00Z",
    "datacontenttype": "application/json",
    "data": {"entry_id": str(member(1)), "member_id": str(member(1)), "points": 7, "balance": 7, "reason": "test"},
}


def changed(**changes: object) -> bytes:
    return msgspec.json.encode(GOOD | changes)


def without(name: str) -> bytes:
    return msgspec.json.encode({key: value for key, value in GOOD.items() if key != name})


BROKEN = {
    "nothing": (b"", "undecodable", "envelope"),
    "broken JSON": (b'{"specversion": "1.0", ', "undecodable", "envelope"),
    "not an object": (b"[1]", "undecodable", "object"),
    "not UTF-8": (changed(subject="x").replace(b"x", b"\xff"), "undecodable", "envelope"),
    "very deep": (b'{"data": ' + b"[" * 60_000, "undecodable", "envelope"),
    "deep data": (changed(data=0).replace(b'"data":0', b'"data":' + b"[" * 50_000 + b"]" * 50_000), "undecodable", ""),
    "no subject": (without("subject"), "undecodable", "subject"),
    "no data": (without("data"), "undecodable", "data"),
    "wrong specversion": (changed(specversion="0.3"), "undecodable", "specversion"),
    "time without a zone": (changed(time="2026-01-01T00:00:00"), "undecodable", "time"),
    "wrong data": (changed(data=GOOD["data"] | {"points": "7"}), "undecodable", "points"),  # type: ignore[operator]
    "a later version": (changed(type="huitou.members.points.earned.v2"), "unknown_type", "points.earned.v2"),
    "a type with a NUL": (changed(type="huitou.\0"), "unknown_type", "huitou"),
}


async def test_bytes_that_are_no_event_are_set_aside_with_a_clear_error(log: Log) -> None:
    await log.produce(earned(1, key=1))
    for kind, (envelope, _, _) in BROKEN.items():
        await log.produce_bytes(envelope, key=kind)
    await log.produce(earned(2, key=1))
    await log.drain(recording())
    assert await log.numbers() == [1, 2]
    letters = await log.letters()
    assert sorted(letter["key"] for letter in letters) == sorted(BROKEN)
    for letter in letters:
        _, reason, named = BROKEN[letter["key"]]
        assert (letter["reason"], named in letter["error"]) == (reason, True), f"{letter['key']}: {letter['error']}"


async def test_a_good_event_written_by_others_is_read(log: Log) -> None:
    """The broken ones above are this one, broken."""
    await log.produce_bytes(changed())
    await log.drain(recording())
    assert await log.numbers() == [7]


async def test_an_oversized_envelope_is_never_written(log: Log) -> None:
    huge = ProfileChanged(member_id=member(1), fields=["x" * 60] * (MAXIMUM_BYTES // 60))
    with pytest.raises(EnvelopeError, match=str(MAXIMUM_BYTES)):
        await log.produce(earned(1), huge)
    assert await log.events() == [], "nor is what else its unit of work told"


async def test_the_database_refuses_an_oversized_envelope_too(log: Log) -> None:
    await log.produce(earned(1))
    appended = Appended("key", "type", new_id(), bytes(MAXIMUM_BYTES + 1))
    db = await log.db("members")
    with pytest.raises(Exception, match="violates check constraint"):
        async with db.transaction() as uow:
            await append(uow.connection, [appended], service="members", at=None)


async def test_an_event_from_the_future_is_quarantined(log: Log) -> None:
    now = datetime.now(UTC)
    for ahead in (CLOCK_TOLERANCE - timedelta(minutes=1), CLOCK_TOLERANCE + timedelta(minutes=1)):
        log.clock = VirtualClock(now + ahead)
        db = log.new_db("members")
        await db.open()
        async with db.transaction() as uow:
            uow.append(earned(int(ahead.total_seconds()), key=int(ahead.total_seconds())))
        await db.close()
    log.clock = VirtualClock(now)
    await log.drain(recording())
    assert await log.numbers() == [240]
    assert await log.reasons() == ["future"]


async def test_what_came_from_the_future_is_replayed_as_appended_then(log: Log) -> None:
    """By its own moment it would take along whoever it is about."""
    now = datetime.now(UTC)
    log.clock = VirtualClock(now + timedelta(days=365))
    db = log.new_db("members")
    await db.open()
    async with db.transaction() as uow:
        uow.append(earned(1))
    await db.close()
    log.clock = VirtualClock(now)
    await log.drain(recording())
    received: list[Received[PointsEarned]] = []

    async def handle(_: UnitOfWork, events: Sequence[Received[PointsEarned]]) -> None:
        received.extend(events)

    [letter] = await log.letters()
    await dead_letters.replay(await log.db(), letter["id"], Handlers({PointsEarned: handle}))
    [event] = received
    assert event.appended_at == now
    assert event.envelope.time == now + timedelta(days=365), "what it says of itself stays"
