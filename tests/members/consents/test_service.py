"""Races for consents, each on a connection of its own."""

from functools import partial

import pytest

from common.contracts.lifecycle import GrantPoints
from common.contracts.members import ConsentChanged, RewardGranted, RewardRefused
from common.testing.races import race
from common.testing.services import RunningService
from factories.members import consent, make_member, received, requested
from members.consents import service
from members.consents.domain import Consent
from members.rewards import service as rewards

pytestmark = pytest.mark.integration
PURPOSES = frozenset({"promo"})


async def test_a_yes_said_twelve_times_at_once_is_one_entry(members: RunningService) -> None:
    member_id = await make_member(members)
    say = partial(
        service.say,
        said=Consent(version="v1", given=True),
        member_id=member_id,
        purpose="promo",
        actor_id=member_id,
        purposes=PURPOSES,
    )
    results = await race(members.db, *[say for _ in range(12)])

    assert not [result for result in results if isinstance(result, BaseException)]
    assert len(await members.events(ConsentChanged)) == 1


async def test_no_reward_that_needs_consent_is_given_after_its_withdrawal(members: RunningService) -> None:
    """Whoever is first: what the log tells after the withdrawal are refusals only."""
    member_id = await make_member(members)
    await consent(members, member_id)
    asked = [
        received(requested(GrantPoints(points=1, reason="thanks"), member_id=member_id, consent="promo"))
        for _ in range(8)
    ]
    withdraw = partial(
        service.say,
        said=Consent(version="v1", given=False),
        member_id=member_id,
        purpose="promo",
        actor_id=member_id,
        purposes=PURPOSES,
    )
    results = await race(
        members.db,
        *[partial(rewards.carry_out, asked=[one]) for one in asked[:4]],
        withdraw,
        *[partial(rewards.carry_out, asked=[one]) for one in asked[4:]],
    )

    assert not [result for result in results if isinstance(result, BaseException)]
    rows = await members.db.fetch("SELECT type FROM outbox ORDER BY generation, id")
    types = [row["type"] for row in rows]
    withdrawn = len(types) - 1 - types[::-1].index(ConsentChanged.type_name())
    assert RewardGranted.type_name() not in types[withdrawn:]
    assert len(await members.events(RewardGranted)) + len(await members.events(RewardRefused)) == 8
