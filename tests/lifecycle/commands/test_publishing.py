"""`python -m lifecycle policy prepare | publish | …`, against a running service's database."""

from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from factories.lifecycle import HOUR, START, ZONE, Command, Life, member, ordered
from factories.policies import SMALL_TEXT

pytestmark = pytest.mark.integration

ANNA = member(1)


@pytest.fixture
def command(command: Command) -> Command:
    return partial(command, "policy")


async def test_a_policy_is_published_from_the_command_line(life: Life, command: Command, tmp_path: Path) -> None:
    await life.happen(ordered(ANNA))
    file = tmp_path / "strict.yaml"
    file.write_text(SMALL_TEXT.replace("- convert: orders.count >= 1", "- convert: orders.count >= 2"))

    assert command("prepare", file, "--note", "two orders").stdout == "version 2 is in preparation\n"
    assert "impact: 0 of 1 members" in command("progress", 2).stdout
    await life.walk()
    assert command("progress", 2).stdout.splitlines() == [
        "version 2: in_preparation",
        "  impact: done",
        "  stage: convert → acquire: 1 members",
    ]
    at = (START + 1000 * 24 * HOUR).isoformat()
    refused = command("publish", 2, "--replaces", 1, "--at", at.replace("+00:00", "+0000"))
    assert (refused.returncode, "effective_at: expected a moment" in refused.stderr) == (1, True)
    published = command("publish", 2, "--replaces", 1).stdout
    [second, _] = (await life.get("/policies"))["items"]
    moment = datetime.fromisoformat(second["effective_at"]).astimezone(ZONE)
    assert published == f"version 2 takes effect at {moment:%Y-%m-%d %H:%M}\n", "by the business's clock"
    assert command("pause", "welcome").stdout == "welcome is paused\n"
    listed = command("versions").stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [["2", "scheduled"], ["1", "in_force"], ["paused:", "welcome"]]
    assert command("resume", "welcome").stdout == "welcome acts again\n"
    changes = await life.get("/policy-changes")
    assert [each["note"] for each in changes["items"] if each["kind"] == "prepared"] == ["two orders", ""]


async def test_days_begin_where_the_installation_is_unless_another_zone_is_named(
    life: Life, command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL_TEXT)
    command("prepare", file, TIMEZONE="Europe/Lisbon")
    command("prepare", file, "--tz", "Asia/Tokyo", TIMEZONE="Europe/Lisbon")
    zones = await life.service.db.fetch("SELECT tz FROM policy_version ORDER BY number")
    assert [row["tz"] for row in zones] == ["Asia/Shanghai", "Europe/Lisbon", "Asia/Tokyo"]


def test_what_is_no_policy_is_told_with_its_places(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(SMALL_TEXT.replace("orders.count >= 1", "order.count >= 1"))
    refused = command("prepare", file, "--language", "zh")
    assert refused.returncode == 1
    assert f"{file}:" in refused.stdout
    assert "是不是「orders」" in refused.stdout
