"""20. A rolling deploy: an event type that one version knows and the other does not."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from common.bus.records import Handlers
from common.contracts import envelope
from common.contracts.event import Event
from common.contracts.members import PointsEarned, PointsReversed
from common.contracts.topics import CATALOGUE
from common.testing.waiting import eventually
from integration.bus.effects import POISON, earned, member, record, recording, reversed_
from integration.bus.harness import SECONDS, Log

pytestmark = pytest.mark.integration

NEW = recording(PointsEarned, PointsReversed)


@contextmanager
def old_version(*unknown: type[Event]) -> Iterator[Handlers]:
    """Be the version before these types were added: they are in no table of it. Gives its handlers."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in unknown or (PointsReversed,):
            patch.delitem(CATALOGUE, kind.type_name())
            patch.delitem(envelope._data, kind.type_name())
        yield recording(PointsEarned)


async def replayed(log: Log, numbers: list[int], *, key: int | None = None) -> None:
    async def there() -> bool:
        return await log.numbers(key=key) == numbers and not await log.letters()

    await eventually(there, seconds=SECONDS, what=f"applied {numbers} with no letter left")


async def test_the_version_that_knows_a_type_replays_what_was_parked(log: Log) -> None:
    """In order, also what was parked behind it; other keys never waited."""
    await log.produce(earned(1), reversed_(2), earned(3), reversed_(4), earned(5, key=1))
    with old_version() as handlers:
        await log.drain(handlers)
        assert sorted(await log.numbers()) == [1, 5]
        assert await log.reasons() == ["unknown_type", "behind", "unknown_type"]
        await log.produce(earned(6))
        await log.drain(handlers)
        assert sorted(await log.numbers()) == [1, 5]
    async with log.consuming(NEW):
        await replayed(log, [1, 2, 3, 4, 6], key=0)
        await log.produce(reversed_(7), earned(8))
        await replayed(log, [1, 2, 3, 4, 6, 7, 8], key=0)


async def test_versions_take_turns(log: Log) -> None:
    """The old one comes back, in the middle of the roll-out or by a roll-back."""
    n = 0
    for _ in range(3):
        await log.produce(*(event(n + i) for i, event in enumerate((earned, reversed_, earned))))
        n += 3
        with old_version() as handlers:
            await log.drain(handlers)
        await log.produce(*(event(n + i) for i, event in enumerate((reversed_, earned))))
        n += 2
        async with log.consuming(NEW):
            await replayed(log, list(range(n)))


async def test_commuting_handlers_wait_for_nothing(log: Log) -> None:
    await log.produce(earned(1), reversed_(2), earned(3))
    with old_version() as handlers:
        await log.drain(Handlers(handlers.table, ordered=False))
    assert await log.numbers() == [1, 3]
    assert await log.reasons() == ["unknown_type"]
    async with log.consuming(recording(PointsEarned, PointsReversed, ordered=False)):
        await replayed(log, [1, 3, 2])


async def test_what_neither_version_knows_stays_parked(log: Log) -> None:
    await log.produce(reversed_(1), earned(2), reversed_(3, key=1))
    with old_version(PointsReversed) as handlers:
        await log.drain(handlers)
        await log.drain(handlers)
        assert await log.reasons(key=0) == ["unknown_type", "behind"]
        assert await log.reasons(key=1) == ["unknown_type"]
        assert await log.numbers() == []


async def test_a_known_type_that_has_no_handler_in_the_new_version_frees_its_key(log: Log) -> None:
    await log.produce(reversed_(1), earned(2))
    with old_version() as handlers:
        await log.drain(handlers)
    async with log.consuming(recording(PointsEarned)):
        await replayed(log, [2])


async def test_a_parked_event_that_is_poison_holds_only_its_key(log: Log) -> None:
    await log.produce(reversed_(POISON), earned(1), reversed_(2, key=1), earned(3, key=1))
    with old_version() as handlers:
        await log.drain(handlers)
    async with log.consuming(NEW):

        async def settled() -> bool:
            return await log.reasons() == ["poison", "behind"]

        await eventually(settled, seconds=SECONDS)
    assert await log.numbers() == [2, 3]
    assert {letter["key"] for letter in await log.letters()} == {str(member(0))}


async def test_many_parked_events_are_replayed_in_the_order_of_their_key(log: Log) -> None:
    numbers = list(range(60))
    await log.produce(*((reversed_ if n % 2 else earned)(n, key=n % 5) for n in numbers))
    with old_version() as handlers:
        await log.drain(handlers)
    async with log.consuming(Handlers({PointsEarned: record, PointsReversed: record})):
        await eventually(lambda: none_left(log), seconds=SECONDS)
    effects = await log.effects()
    for key in range(5):
        assert [e.number for e in effects if e.key == str(member(key))] == list(range(key, 60, 5))


async def none_left(log: Log) -> bool:
    return not await log.letters()
