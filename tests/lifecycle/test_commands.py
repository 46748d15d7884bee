"""`python -m lifecycle policy validate | show`: needs neither settings nor a database."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lifecycle.__main__ import commands
from lifecycle.authoring.service import shipped_text


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["policy", *map(str, arguments)])


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(run("show").output)
    return path


def test_the_policy_to_begin_with_is_shown_and_valid(policy: Path) -> None:
    assert policy.read_bytes() == shipped_text()
    validated = run("validate", policy)
    assert (validated.exit_code, validated.output) == (
        0,
        f"{policy}: community_group_buy is a policy: 7 metrics, 5 stages, 4 healths, 3 segments, 15 rules\n",
    )


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "'engagd' is not a metric; did you mean 'engaged'?"), ("zh", "沒有叫「engagd」的指標")],
)
def test_every_fault_is_a_line_that_an_editor_can_follow(policy: Path, language: str, told: str) -> None:
    policy.write_text(
        policy.read_text().replace("engaged.days >= 3", "engagd.days >= 3").replace("{held: acquire", "{held: aquire")
    )
    validated = run("validate", policy, "--language", language)
    first, second = validated.output.splitlines()
    assert validated.exit_code == 1
    assert first.startswith(f"{policy}:33:18: stages.retain.if: {told}")
    assert second.startswith(f"{policy}:94:11: rules.say_hello.when: ")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    missing = run("validate", tmp_path / "none.yaml")
    assert missing.exit_code == 2
    assert "does not exist" in missing.output
