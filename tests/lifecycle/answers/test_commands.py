"""`python -m lifecycle why | why-not`, against a real database."""

import pytest

from factories.guarded_histories import policy_text
from factories.lifecycle import Command, Life, chatted, member, ordered

pytestmark = pytest.mark.integration

ANNA = member(1)


@pytest.fixture
def lives_by() -> str:
    return policy_text()


@pytest.fixture
def guarded(lives_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifecycle.resources.shipped_text", lives_by.encode)


async def test_why_a_member_is_where_they_are(guarded: None, life: Life, command: Command) -> None:
    await life.happen(ordered(ANNA, amount_minor=500))
    everything = command("why", ANNA)
    assert everything.returncode == 0, everything.stderr
    verdicts = [line for line in everything.stdout.splitlines() if not line.startswith(" ")]
    assert verdicts == [
        "stage is convert since 2026-03-02 12:00: entry 1 into it",
        "health is active since 2026-03-02 12:00: entry 1 into it",
        "not in segment loyal",
        "not in segment chatty",
        "the member has been moved to 2026-03-02 12:00",
    ]
    stage = command("why", ANNA, "stage", "--language", "zh")
    assert "    ✓ 2026-03-02 12:00  「convert」當時成立：orders.count(all) = 1 >= 1" in stage.stdout


async def test_why_a_rule_did_not_act_and_what_is_in_its_way(guarded: None, life: Life, command: Command) -> None:
    await life.happen(ordered(ANNA, amount_minor=500))
    asked = command("why-not", ANNA, "big_order")
    assert asked.returncode == 0, asked.stderr
    assert "the condition does not hold: event.amount_minor = 500 >= 800" in asked.stdout
    assert asked.stdout == command("why", ANNA, "big_order").stdout == command("why", ANNA, "rule:big_order").stdout


async def test_deep_mode_fails_when_what_is_kept_was_changed(guarded: None, life: Life, command: Command) -> None:
    await life.happen(ordered(ANNA, amount_minor=500), chatted(ANNA))
    agrees = command("why", ANNA, "big_order", "--deep")
    assert (agrees.returncode, "the journal says the same: " in agrees.stdout) == (0, True)
    async with life.service.db.transaction() as uow:
        await uow.execute("UPDATE receipt_count SET times = 9")
    differs = command("why-not", ANNA, "big_order", "--deep", "--language", "zh")
    assert (differs.returncode, "有保存，但日誌推導不出：" in differs.stdout) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["why", member(2)], 1, "MemberUnknown: nothing has happened to a member"),
        (["why", ANNA, "nothing"], 1, "QuestionUnknown: about: nothing is called 'nothing'; there are stage, health,"),
        (["why-not", ANNA, "stage"], 1, "QuestionUnknown: about: nothing is called 'stage'"),
        (["why", "anna"], 2, "'anna' is not a valid UUID"),
        (["why-not", ANNA], 2, "Missing argument 'RULE'"),
    ],
    ids=str,
)
async def test_what_cannot_be_answered_is_one_line(
    guarded: None, life: Life, command: Command, arguments: list[object], code: int, told: str
) -> None:
    await life.happen(chatted(ANNA))
    asked = command(*arguments)
    assert asked.returncode == code
    assert told in asked.stderr
    assert asked.stdout == ""
