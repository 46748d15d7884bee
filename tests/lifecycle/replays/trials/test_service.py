"""Promise 3 and law 6: replay from the journal gives every table, to the byte."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import msgspec
import pytest

from common.bus.lanes import lane_of
from common.bus.locks import EVERY_LANE
from common.contracts.members import MemberMerged
from common.contracts.orders import OrderCancelled
from factories.lifecycle import HOUR, START, Life, registered
from factories.lifecycle_histories import MEMBERS, live
from factories.lifecycle_rows import forget, rows
from factories.policies import SMALL_TEXT, changed
from lifecycle.journal import service as journal
from lifecycle.journal.domain import Entry
from lifecycle.replays.domain import Taken, events_of
from lifecycle.replays.projections.domain import Difference
from lifecycle.replays.trials import service
from lifecycle.replays.trials.domain import DraftText, Order, together
from lifecycle.replays.trials.service import reading, tried, verified

pytestmark = pytest.mark.integration

REFUNDS = "  refunds: {event: order.refunded}"
COUNTS_MORE = changed(REFUNDS, f"{REFUNDS}\n  cancelled: {{event: order.cancelled}}")


async def differences(life: Life) -> list[Difference]:
    return [found for lane in EVERY_LANE if (found := await verified(life.service.db, lane))]


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 20))])
async def test_replay_of_the_journal_gives_the_tables(life: Life, seed: int) -> None:
    await live(life, seed)
    assert await differences(life) == []
    for who in MEMBERS:
        assert await verified(life.service.db, lane_of(str(who)), only=who) is None


@pytest.mark.parametrize("seed", [1, 2, 3, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 30))])
async def test_replay_gives_the_tables_of_who_is_another_or_erased(life: Life, seed: int) -> None:
    await live(life, seed, kin=True)
    states = await life.service.db.fetch("SELECT count(stage) AS standing, count(*) AS members FROM member")
    assert states[0]["standing"] < states[0]["members"]
    assert await differences(life) == []
    for who in MEMBERS:
        assert await verified(life.service.db, lane_of(str(who)), only=who) is None


async def test_replay_counts_once_what_was_counted_anew_of_an_identity(life: Life) -> None:
    """Before they met, after, and while it was prepared."""
    anna, ben = MEMBERS[1], MEMBERS[2]
    gone = OrderCancelled(order_id=MEMBERS[0], member_id=ben, reason="member", cancelled_at=START)
    await life.happen(registered(anna), registered(ben), gone)
    await life.happen(MemberMerged(member_id=ben, root_id=anna, merged_at=START))
    await life.happen(gone)
    await life.tick(START)
    version = (await life.post("/policies", text=COUNTS_MORE))["version"]
    await life.happen(gone)
    await life.tick(START)
    await life.walk()
    await life.post(f"/policies/{version}/publish", replaces=1)
    for _ in range(3):
        await life.pass_to(life.clock.now() + HOUR)
        await life.walk()
    assert (await life.member(anna))["metrics"]["cancelled"]["count"] == 3
    assert await differences(life) == []
    for who in (anna, ben):
        assert await verified(life.service.db, lane_of(str(who)), only=who) is None


async def test_without_one_entry_or_by_another_clock_it_differs(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await live(life, 7)
    assert await differences(life) == []
    [first] = await life.service.db.fetch("SELECT lane, number FROM journal WHERE kind = 'events' LIMIT 1")
    original = journal.read

    async def without_one(*args: Any, **options: Any) -> AsyncIterator[Entry]:
        async for entry in original(*args, **options):
            if (entry.lane, entry.number) != (first["lane"], first["number"]):
                yield entry

    with monkeypatch.context() as patch:
        patch.setattr(journal, "read", without_one)
        [found] = await differences(life)
        assert found.lane == first["lane"]

    def by_the_wall(entry: Entry) -> Iterator[Taken]:
        for taken in events_of(entry):
            arrival = msgspec.structs.replace(taken.arrival, appended_at=entry.gate_at)
            yield msgspec.structs.replace(taken, arrival=arrival)

    monkeypatch.setattr(service, "events_of", by_the_wall)
    assert await differences(life) != []


@pytest.mark.slow
async def test_a_hand_in_any_table_is_found(life: Life) -> None:
    await live(life, 3)
    assert await differences(life) == []
    for table, change in {
        "transition": "episode = episode + 100",
        "receipt": "key = 'other'",
        "action": "reason = 'other'",
        "receipt_count": "times = times + 1",
        "member": "due_at = NULL",
    }.items():
        async with life.service.db.transaction() as uow:
            one = f"SELECT ctid FROM {table} WHERE {'due_at IS NOT NULL' if table == 'member' else 'TRUE'} LIMIT 1"
            changed = await uow.fetchrow(f"UPDATE {table} SET {change} WHERE ctid = ({one}) RETURNING member_id")
        assert changed is not None
        [found] = [each for each in await differences(life) if each.member_id == changed["member_id"]]
        assert (found.table, found.member_id) == (table, changed["member_id"])
        who = found.member_id
        alone = await verified(life.service.db, lane_of(str(who)), only=who)
        assert alone is not None
        assert alone.table == table
        await forget(life.service.db)
        await live(life, 3)


async def test_a_trial_writes_nothing_and_could_not(life: Life) -> None:
    await live(life, 5)
    before = [await rows(life.service.db), await life.service.db.fetch("SELECT * FROM journal ORDER BY 1, 2")]
    draft = DraftText(text=SMALL_TEXT.replace("7d", "3d"), tz="Asia/Shanghai", version=9)
    url = life.service.runtime.settings.database_url.get_secret_value()
    async with reading(url) as db:
        founds = [(await tried(db, lane, Order(draft=draft))).found for lane in EVERY_LANE]
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await db.fetch("DELETE FROM journal")
    after = [await rows(life.service.db), await life.service.db.fetch("SELECT * FROM journal ORDER BY 1, 2")]
    assert after == before
    found = together(founds)
    assert found.happened is not None
    assert found.tried is not None
    assert sum(found.tried.stands.values()) == sum(found.happened.stands.values()) == 2 * len(MEMBERS)
    assert found.tried.moves != found.happened.moves


async def test_what_happened_is_counted_as_the_tables_count_it(life: Life) -> None:
    await live(life, 6)
    found = together([(await tried(life.service.db, lane, Order())).found for lane in EVERY_LANE]).happened
    assert found is not None
    moves = await life.service.db.fetch("SELECT dimension, previous, current FROM transition")
    counted = Counter({place[1:]: 0 for place in found.moves})
    for place, count in found.moves.items():
        counted[place[1:]] += count
    assert counted == Counter(tuple(row) for row in moves)
    asked = await life.service.db.fetch("SELECT rule, count(*) FROM action GROUP BY rule")
    assert {row["rule"]: row["count"] for row in asked} == {
        rule: sum(count for place, count in found.asked.items() if place[1] == rule)
        for rule in {place[1] for place in found.asked}
    }
    assert {each.member_id for each in found.timelines} == set(MEMBERS)


async def test_what_is_published_does_as_a_draft_what_it_did(life: Life) -> None:
    """Law 7, on a real journal: of a history without outcomes, for a draft takes its own as heard at once."""
    await live(life, 9, eventful=False)
    await does_the_same(life)


@pytest.mark.parametrize("seed", [1, 2, 3, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 30))])
async def test_it_does_so_where_members_are_merged_part_and_are_erased(life: Life, seed: int) -> None:
    await live(life, seed, eventful=False, kin=True)
    await does_the_same(life)


async def does_the_same(life: Life) -> None:
    order = Order(draft=DraftText(text=SMALL_TEXT, tz="Asia/Shanghai"))
    found = together([(await tried(life.service.db, lane, order)).found for lane in EVERY_LANE])
    assert found.tried == found.happened
    assert found.tried is not None
    assert found.tried.asked
    assert {(each.happened, each.tried) for each in found.overlaps.values()} == {(0, 0)}
    assert all(ours == others for ours, others in found.stages)
