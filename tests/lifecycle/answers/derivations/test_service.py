"""Law 16 on real rows: the leaf values of every receipt give its outcome; what the journal says of a member is what is kept."""

from typing import Any
from uuid import UUID

import pytest

from factories.guarded_histories import live, policy_text, seen
from factories.lifecycle import DAY, Life, chatted
from lifecycle.answers import service as answers
from lifecycle.answers.derivations.service import derive
from lifecycle.engine.explanations.domain import outcome
from lifecycle.receipts import service as receipts
from lifecycle.receipts.domain import was_asked

pytestmark = pytest.mark.integration

KEEP = 400 * DAY


@pytest.fixture
def lives_by() -> str:
    return policy_text()


@pytest.fixture
def guarded(lives_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifecycle.resources.shipped_text", lives_by.encode)


async def differs(life: Life, member_id: UUID) -> list[str]:
    """What deep mode finds, by its code."""
    db = life.service.db
    found, _ = await answers.answers(db, db.resources.versions, member_id, about="stage", deep=True, keep=KEEP)
    return [each.text.code for each in found[0].derived if each.holds is False]


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 40))])
async def test_what_is_kept_follows_from_its_values_and_from_the_journal(guarded: None, life: Life, seed: int) -> None:
    await live(life, seed)
    db = life.service.db
    versions = await db.resources.versions.now(db)
    outcomes: set[str] = set()
    for member_id in await seen(db):
        decided = await receipts.of_member(db, member_id, limit=10_000)
        days = await receipts.days_of(db, member_id, limit=10_000)
        kept = [(each.rule, each.version, each.outcome, each.detail) for each in decided]
        for rule, version, said, detail in [
            *kept,
            *((each.rule, each.version, each.reason, each.detail) for each in days),
        ]:
            outcomes.add(said)
            if was_asked(said):
                condition = versions.engine(version).rules[rule].condition
                assert outcome(condition, detail.values) is (said != "condition_false")
            else:
                assert detail.values == {}
        derivation = await derive(db, db.resources.versions, member_id)
        assert derivation.receipts == decided[::-1]
        assert await differs(life, member_id) == []
    assert {"acted", "condition_false"} <= outcomes


async def busiest(life: Life) -> UUID:
    rows = await life.service.db.fetch("SELECT member_id FROM receipt GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    member_id: UUID = rows[0]["member_id"]
    return member_id


TAMPERING = {
    "a receipt's outcome": "UPDATE receipt SET outcome = 'capped' WHERE number = (SELECT max(number) FROM receipt WHERE member_id = $1)",
    "a receipt's moment": "UPDATE receipt SET at = at - interval '1 day' WHERE number = (SELECT max(number) FROM receipt WHERE member_id = $1)",
    "a receipt's values": "UPDATE receipt SET detail = '\\x9181a161c3' WHERE number = (SELECT max(number) FROM receipt WHERE member_id = $1)",
    "a receipt taken away": "DELETE FROM receipt WHERE number = (SELECT min(number) FROM receipt WHERE member_id = $1)",
    "a receipt forged": """INSERT INTO receipt (member_id, rule, key, version, at, gate_at, outcome, until, attempt, detail)
        SELECT member_id, rule, key, version, at, gate_at, outcome, until, attempt, detail FROM receipt
        WHERE number = (SELECT max(number) FROM receipt WHERE member_id = $1)""",
    "a count": "UPDATE receipt_count SET times = times + 1 WHERE member_id = $1",
    "a transition's values": """UPDATE transition SET grounds = '{"orders.count(all)": 9}'
        WHERE number = (SELECT max(number) FROM transition WHERE member_id = $1)""",
}


@pytest.mark.parametrize("changed", TAMPERING)
async def test_what_was_changed_by_hand_is_found(guarded: None, life: Life, changed: str) -> None:
    await live(life, 7, days=10, changing=False)
    member_id = await busiest(life)
    assert await differs(life, member_id) == []
    async with life.service.db.transaction() as uow:
        assert await uow.execute(TAMPERING[changed], member_id) > 0
    assert set(await differs(life, member_id)) <= {"derivation_only_kept", "derivation_only_derived"}
    assert await differs(life, member_id) != []


async def test_a_journal_that_lost_an_entry_does_not_say_the_same(guarded: None, life: Life) -> None:
    """The control: what is derived is derived from the journal, and from nothing that is kept."""
    await live(life, 7, days=10, changing=False)
    member_id = await busiest(life)
    async with life.service.db.transaction() as uow:
        await uow.execute(
            "DELETE FROM journal WHERE (lane, number) IN (SELECT lane, number FROM journal"
            " WHERE kind = 'events' AND position($1 IN subjects) > 0 ORDER BY number LIMIT 1)",
            member_id.bytes[:4],
        )
    assert await differs(life, member_id) != []


async def test_a_member_who_moves_while_they_are_read_is_read_again(
    guarded: None, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live(life, 7, days=10, changing=False)
    member_id = await busiest(life)
    moved = 0

    async def meanwhile(*args: Any) -> Any:
        nonlocal moved
        derivation = await derive(*args)
        if moved < 2:
            moved += 1
            await life.happen(chatted(member_id))
        return derivation

    monkeypatch.setattr("lifecycle.answers.derivations.service.derive", meanwhile)
    assert await differs(life, member_id) == []
    assert moved == 2
