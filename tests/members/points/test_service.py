"""Races for points, each on a connection of its own."""

import asyncio
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from common.contracts.lifecycle import GrantPoints
from common.contracts.members import PointsDeducted, PointsEarned, PointsReversed
from common.testing.races import race
from common.testing.services import RunningService, running_service
from factories.members import adjust, make_member, requested
from members.app import SERVICE
from members.errors import EntryNotReversible, PointsInsufficient
from members.points import repository, service

pytestmark = pytest.mark.integration


async def check_ledger(members: RunningService, member_id: UUID) -> int:
    """The ledger's own law: numbers without gap, each balance the sum so far, the last the member's. Returns it."""
    rows = await members.db.fetch("SELECT * FROM points_entry WHERE member_id = $1 ORDER BY number", member_id)
    total = 0
    for number, row in enumerate(rows, 1):
        total += row["points"]
        assert (row["number"], row["balance"]) == (number, total)
    account = await members.db.fetchrow("SELECT * FROM points_balance WHERE member_id = $1", member_id)
    assert account is not None
    assert (account["balance"], account["entries"]) == (total, len(rows))
    return total


async def test_twelve_spend_what_suffices_for_three(members: RunningService) -> None:
    member_id = await make_member(members)
    await adjust(members, member_id, 30)
    take = partial(service.adjust, member_id=member_id, points=-10, reason="game")
    results = await race(members.db, *(partial(take, business_id=str(n)) for n in range(12)))

    assert Counter(type(result) for result in results)[PointsInsufficient] == 9
    assert await check_ledger(members, member_id) == 0
    assert [event.balance for event in await members.events(PointsDeducted)] == [20, 10, 0]


async def test_one_adjustment_asked_for_ten_times_at_once_is_made_once(members: RunningService) -> None:
    member_id = await make_member(members)
    answers = await asyncio.gather(*(adjust(members, member_id, 5, key="same") for _ in range(10)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await check_ledger(members, member_id) == 5


async def test_an_entry_is_taken_back_by_one_of_twelve(members: RunningService) -> None:
    member_id = await make_member(members)
    entry_id = UUID((await adjust(members, member_id, 7)).json()["id"])
    await adjust(members, member_id, 7)
    results = await race(
        members.db, *[partial(service.reverse, member_id=member_id, entry_id=entry_id) for _ in range(12)]
    )

    assert sum(isinstance(result, EntryNotReversible) for result in results) == 11
    assert await check_ledger(members, member_id) == 7
    [event] = await members.events(PointsReversed)
    assert (event.reversed_entry_id, event.points, event.balance) == (entry_id, 7, 7)


async def test_the_ledger_sums_up_whatever_happens_at_once(members: RunningService) -> None:
    dice = Random(7)
    everybody = [await make_member(members) for _ in range(3)]
    adjustments = [
        partial(
            service.adjust,
            member_id=dice.choice(everybody),
            points=dice.choice([-30, -10, 5, 20, 40]),
            reason="game",
            business_id=str(dice.randrange(20)),
        )
        for _ in range(60)
    ]
    asked = [
        requested(GrantPoints(points=dice.randrange(9), reason="thanks"), member_id=dice.choice(everybody))
        for _ in range(40)
    ]
    granting = asyncio.create_task(members.receive(*asked))
    for start in range(0, len(adjustments), 6):
        await race(members.db, *adjustments[start : start + 6])
    await granting

    totals = {member_id: await check_ledger(members, member_id) for member_id in everybody}
    told = Counter[UUID]()
    for earned in await members.events(PointsEarned):
        told[earned.member_id] += earned.points
    for deducted in await members.events(PointsDeducted):
        told[deducted.member_id] -= deducted.points
    assert {member_id: told[member_id] for member_id in everybody} == totals


async def test_who_waits_too_long_for_a_balance_is_told_that_it_is_busy_and_asks_again(
    members: RunningService, tmp_path: Path
) -> None:
    """Not that the request is being carried out: it is somebody else's that holds the balance."""
    member_id = await make_member(members)
    await adjust(members, member_id, 5)
    url = f"{members.engines.url(role='members', database=members.database)}&lock_timeout=100"
    settings = {"signing_key_file": tmp_path / "key.pem", "database_url": url}
    async with running_service(SERVICE, engines=members.engines, database=members.database, settings=settings) as hasty:
        async with members.db.transaction() as uow:
            await repository.lock_balances(uow, [member_id])
            answer = await adjust(hasty, member_id, 7, key="later")
        again = await adjust(hasty, member_id, 7, key="later")

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert again.status_code == 201
    assert await check_ledger(members, member_id) == 12
