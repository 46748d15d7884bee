"""`python -m members grant | revoke`."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from common.testing.services import RunningService
from factories.members import make_member

pytestmark = pytest.mark.integration

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(members: RunningService, tmp_path: Path) -> Command:
    environment = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "development",
        "MEMBERS_DATABASE_URL": members.engines.url(role="members", database=members.database),
        "MEMBERS_SIGNING_KEY_FILE": str(tmp_path / "key.pem"),
    }

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "members", *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


async def roles(members: RunningService, member_id: UUID) -> list[str]:
    rows = await members.db.fetch("SELECT role FROM member_role WHERE member_id = $1 ORDER BY role", member_id)
    return [row["role"] for row in rows]


async def test_roles_are_granted_and_revoked_once_and_the_record_says_by_whom(
    members: RunningService, command: Command
) -> None:
    member_id = await make_member(members)

    assert "is operator from the next sign-in on" in command("grant", member_id, "operator").stdout
    assert "is operator already" in command("grant", member_id, "operator").stdout
    assert await roles(members, member_id) == ["operator"]
    assert "is no longer operator" in command("revoke", member_id, "operator").stdout
    assert await roles(members, member_id) == []
    record = await members.db.fetch("SELECT change, role, actor FROM role_change ORDER BY id")
    assert [tuple(row) for row in record] == [
        ("granted", "operator", "command line"),
        ("revoked", "operator", "command line"),
    ]


async def test_what_cannot_be_granted_is_one_clear_line(members: RunningService, command: Command) -> None:
    unknown, wrong = command("grant", uuid4(), "operator"), command("revoke", uuid4(), "emperor")

    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
    assert "there is no member" in unknown.stderr
    assert wrong.returncode == 2
    assert "Traceback" not in unknown.stderr + wrong.stderr
