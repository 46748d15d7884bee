"""Walks over members go on behind what was written, whoever carries them on, and count nobody twice."""

import asyncio
from typing import Any

import pytest

from common.bus.locks import EVERY_LANE
from common.contracts.members import MemberErased, MemberMerged, MemberUnmerged
from factories.lifecycle import HOUR, START, Life, member, ordered
from factories.lifecycle_rows import check
from factories.policies import SMALL_TEXT
from lifecycle.publishing.backfills import service as backfills
from lifecycle.publishing.impacts import service as impacts
from lifecycle.publishing.sweeps import service as sweeps
from lifecycle.publishing.walking.service import Walking

pytestmark = pytest.mark.integration

MEMBERS = [member(number) for number in range(40)]
SPENDING = f"""{SMALL_TEXT}
segments:
  patron: spent.sum >= 2000
""".replace("metrics: # what is counted", "metrics: # what is counted", 1).replace(
    "  refunds:", "  spent: {event: order.confirmed, sum: amount_minor, where: amount_minor >= 500}\n  refunds:", 1
)


@pytest.fixture(autouse=True)
def small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfills, "STRETCH", 2)
    monkeypatch.setattr(impacts, "STRETCH", 2)
    monkeypatch.setattr(sweeps, "STRETCH", 2)


async def spent(life: Life) -> list[int]:
    return [(await life.member(each))["metrics"]["spent"]["sum"] for each in MEMBERS]


async def lives(life: Life) -> int:
    """How many workers, each of which knows nothing and carries on so far that it writes once or twice, did all there was."""
    workers = 0
    while True:
        walking, workers = Walking(life.service.db), workers + 1
        for _ in range(4):
            if not await walking(EVERY_LANE):
                return workers


async def test_a_worker_that_dies_between_stretches_loses_and_doubles_nothing(life: Life) -> None:
    await life.happen(*(ordered(each, amount_minor=1000) for each in MEMBERS))
    version = (await life.post("/policies", text=SPENDING))["version"]
    await life.happen(*(ordered(each, amount_minor=1500) for each in MEMBERS[:20]))
    assert await lives(life) > len(MEMBERS) / 5
    assert all(each["is_finished"] for each in (await life.get(f"/policies/{version}"))["walks"])
    await life.post(f"/policies/{version}/publish", replaces=1)
    await life.pass_to(START + HOUR)
    await lives(life)
    assert await spent(life) == [2500] * 20 + [1000] * 20
    assert (await life.get("/segments"))["items"][0]["members"] == 20
    await check(life.service.db)


async def test_two_who_carry_the_same_walk_on_count_nobody_twice(life: Life) -> None:
    await life.happen(*(ordered(each, amount_minor=1000) for each in MEMBERS))
    await life.post("/policies", text=SPENDING)

    async def carry() -> None:
        walking = Walking(life.service.db)
        for _ in range(200):
            await walking(EVERY_LANE)

    await asyncio.gather(carry(), carry(), carry())
    await life.walk()
    await life.post("/policies/2/publish", replaces=1)
    await life.pass_to(START + HOUR)
    await life.walk()
    assert await spent(life) == [1000] * 40


async def test_a_walk_that_fails_stands_and_is_counted_while_events_go_on(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    await life.happen(ordered(MEMBERS[0]))
    version = (await life.post("/policies", text=SPENDING))["version"]

    def broken(*_: Any, **__: Any) -> Any:
        raise ValueError("cannot be counted")

    with monkeypatch.context() as patch:
        patch.setattr("lifecycle.publishing.backfills.service.counted", broken)
        await life.walk()
        await life.happen(ordered(MEMBERS[1]))
    failed = life.service.runtime.registry.get_sample_value("lifecycle_walks_failed_total")
    assert failed is not None
    assert failed > 0
    assert (await life.member(MEMBERS[1]))["stage"] == "convert"
    assert (await life.post(f"/policies/{version}/publish", replaces=1, status=409))["code"] == "version_not_ready"
    await life.walk()
    assert all(each["is_finished"] for each in (await life.get(f"/policies/{version}"))["walks"])


async def test_walks_pass_over_who_is_another_and_who_is_erased(life: Life) -> None:
    anna, ben, carl, dora = MEMBERS[:4]
    await life.happen(*(ordered(each) for each in (anna, ben, carl, dora)))
    await life.happen(MemberMerged(member_id=ben, root_id=anna, merged_at=START))
    await life.happen(MemberErased(member_id=carl, erased_at=START))
    for _ in range(3):
        await life.tick(START)
    version = await life.publish(SMALL_TEXT.replace("convert: orders.count >= 1", "convert: orders.count >= 3"))
    seen = await life.get(f"/policies/{version}")
    assert seen["impact"] == [{"dimension": "stage", "now": "convert", "then": "acquire", "members": 2}]
    before = {row["member_id"]: row["state"] for row in await life.service.db.fetch("SELECT * FROM member")}
    for _ in range(2):
        await life.pass_to(life.clock.now() + HOUR)
        await life.walk()
    assert {each["kind"]: each["members"] for each in (await life.get(f"/policies/{version}"))["walks"]} == {
        "impact": 2,
        "sweep": 2,
    }
    after = {row["member_id"]: row["state"] for row in await life.service.db.fetch("SELECT * FROM member")}
    assert {each for each in after if before[each] != after[each]} == {anna, dora}
    await check(life.service.db)

    await life.happen(MemberUnmerged(member_id=ben, root_id=anna, unmerged_at=START))
    await life.tick(life.clock.now())
    told = await life.member(ben)
    assert (told["stage"], told["version"]) == ("acquire", version)
