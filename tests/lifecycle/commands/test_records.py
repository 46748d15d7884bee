"""`python -m lifecycle policy changes`, `receipts` and `segments`, against a running service's database."""

import pytest

from factories.lifecycle import Command, Life, member, ordered, registered
from factories.policies import SMALL_TEXT

pytestmark = pytest.mark.integration

ANNA, BEN = member(1), member(2)
SEGMENTED = f"{SMALL_TEXT}segments:\n  keen: orders.days(7d) >= 1\n"


async def test_what_operators_changed_is_told_with_who_and_why(life: Life, command: Command) -> None:
    command("policy", "pause", "welcome", "--note", "too many")
    command("policy", "resume", "welcome")
    first, second = command("policy", "changes", "--limit", 2).stdout.splitlines()
    assert first.endswith("resumed welcome, by the command line")
    assert second.endswith("paused welcome, by the command line: too many")
    told = (await life.get("/policy-changes"))["items"]
    assert [line.split()[0] for line in (first, second)] == [str(each["revision"]) for each in told[:2]]


async def test_receipts_are_told_newest_first_and_chosen(life: Life, command: Command) -> None:
    await life.happen(registered(ANNA), registered(BEN))
    whole = command("receipts").stdout.splitlines()
    kept = (await life.get("/receipts"))["items"]
    assert [line.split()[0] for line in whole] == [str(each["number"]) for each in kept]
    assert all("welcome" in line and "acted" in line for line in whole if f"{ANNA}" in line)
    assert [*command("receipts", "--member", ANNA).stdout.splitlines()] == [line for line in whole if str(ANNA) in line]
    assert command("receipts", "--outcome", "capped").stdout == ""
    unknown = command("receipts", "--member", member(9))
    assert (unknown.returncode, str(member(9)) in unknown.stderr) == (1, True)
    assert command("receipts", "--outcome", "no_mood").returncode == 2


@pytest.mark.parametrize("lives_by", [SEGMENTED], indirect=True)
async def test_segments_are_told_with_their_counts(life: Life, command: Command) -> None:
    await life.happen(registered(ANNA), ordered(BEN))
    [line] = command("segments").stdout.splitlines()
    assert line.split() == ["1", "keen", "orders.days(7d)", ">=", "1"]
