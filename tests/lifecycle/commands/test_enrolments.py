"""`python -m lifecycle policy enrol` and `standing`, against a running service's database."""

import pytest

from factories.lifecycle import START, Command, Life, member, registered

pytestmark = pytest.mark.integration


async def test_a_rule_is_brought_to_members_once_whoever_asks_has_seen_to_how_many(
    life: Life, command: Command
) -> None:
    await life.happen(*(registered(member(number)) for number in range(3)))
    ask = ("policy", "enrol", "say_hello", "--stage", "acquire", "--per-minute", 60)
    refused = command(*ask, says="n\n")
    assert "say_hello would be brought to 3 members, 60 a minute" in refused.stdout
    assert "is given up" in refused.stdout
    assert "has begun" in command(*ask, says="y\n").stdout
    [running, stopped] = (await life.get("/enrolments"))["items"]
    assert (running["state"], stopped["state"]) == ("running", "stopped")
    listed = command("policy", "enrolments").stdout.splitlines()
    assert [line.split("  ")[1:] for line in listed] == [
        ["running", "say_hello → acquire: 3 members"],
        ["stopped", "say_hello → acquire: 3 members"],
    ]
    assert "is stopped" in command("policy", "unenrol", running["enrolment_id"]).stdout
    unknown = command("policy", "enrol", "no_such_rule", "--per-minute", 60)
    assert (unknown.returncode, "no_such_rule" in unknown.stderr) == (1, True)


async def test_where_members_stood_is_told_by_day(life: Life, command: Command) -> None:
    await life.happen(registered(member(1)), registered(member(2)))
    told = command("standing", "--from", f"{START:%Y-%m-%d}", "--to", f"{START:%Y-%m-%d}")
    assert [line.split() for line in told.stdout.splitlines()] == [
        ["2026-03-02", "health", "active", "2"],
        ["2026-03-02", "stage", "acquire", "2"],
    ]
