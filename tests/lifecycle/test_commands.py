"""`python -m lifecycle policy validate | diff | show`: needs neither settings nor a database."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from factories.policies import SMALL_TEXT
from lifecycle.__main__ import commands
from lifecycle.authoring.service import shipped_text

UNTRIGGERED = "who moves by that when the policy takes effect triggers no rule"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["policy", *map(str, arguments)])


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    path = tmp_path / "shipped.yaml"
    path.write_text(run("show").output)
    return path


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(SMALL_TEXT)
    return path


def test_the_policy_to_begin_with_is_shown_and_valid(shipped: Path) -> None:
    assert shipped.read_bytes() == shipped_text()
    validated = run("validate", shipped)
    assert (validated.exit_code, validated.output) == (
        0,
        f"{shipped}: community_group_buy is a policy: 7 metrics, 5 stages, 4 healths, 3 segments, 15 rules\n",
    )


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "'engagd' is not a metric; did you mean 'engaged'?"), ("zh", "沒有叫「engagd」的指標")],
)
def test_every_fault_is_a_line_that_an_editor_can_follow(shipped: Path, language: str, told: str) -> None:
    shipped.write_text(
        shipped.read_text().replace("engaged.days >= 3", "engagd.days >= 3").replace("{held: acquire", "{held: aquire")
    )
    validated = run("validate", shipped, "--language", language)
    first, second = validated.output.splitlines()
    assert validated.exit_code == 1
    assert first.startswith(f"{shipped}:33:18: stages.retain.if: {told}")
    assert second.startswith(f"{shipped}:94:11: rules.say_hello.when: ")


def test_what_a_new_policy_changes_is_told_in_words(policy: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(
        policy.read_text().replace("  checkins: {event: checkin.recorded}\n", "").replace("days >= 3", "days >= 4")
    )
    told = run("diff", policy, new)
    assert (told.exit_code, told.output.splitlines()) == (
        1,
        [
            "metrics.checkins: the metric is gone, and its space is freed: {event: [checkin.recorded]}",
            "stages.retain: engaged.days(all) >= 3 → engaged.days(all) >= 4; " + UNTRIGGERED,
        ],
    )
    assert "移除指標" in run("diff", policy, new, "--language", "zh").output


@pytest.mark.parametrize(("language", "told"), [("en", "the policies are the same; at most"), ("zh", "兩份策略相同")])
def test_what_is_only_written_otherwise_is_no_difference(
    policy: Path, tmp_path: Path, language: str, told: str
) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(
        "# another comment\n" + policy.read_text().replace("engaged.days >= 3", "( engaged.days(all) >= 3 )")
    )
    same = run("diff", policy, new, "--language", language)
    assert same.exit_code == 0
    assert same.output.startswith(told)


def test_what_is_no_policy_is_compared_with_nothing(policy: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(policy.read_text().replace("engaged.days >= 3", "engagd.days >= 3"))
    for files in ((policy, new), (new, policy)):
        refused = run("diff", *files)
        assert refused.exit_code == 2
        assert refused.output.startswith(f"{new}:16:13: stages.retain: 'engagd' is not a metric")


LOOP = "  loop: {when: {event: coupon.issued}, reenter: each, do: [{coupon: more}]}\n"


def test_a_policy_without_errors_passes_its_check(policy: Path) -> None:
    checked = run("check", policy)
    assert checked.exit_code == 0
    assert {line.removeprefix(f"{policy}:").split(": ")[1] for line in checked.output.splitlines()} == {"note"}


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "error: rules.loop.do: what this causes triggers it again, without end: loop → coupon.issued → loop"),
        ("zh", "錯誤: rules.loop.do: 自身的結果會再次觸發自己，沒有盡頭：loop → coupon.issued → loop"),
    ],
)
def test_an_error_fails_the_check_at_its_place(policy: Path, language: str, told: str) -> None:
    policy.write_text(policy.read_text() + LOOP)
    checked = run("check", policy, "--language", language)
    assert checked.exit_code == 1
    assert any(line.startswith(f"{policy}:32:59: {told}") for line in checked.output.splitlines())


def test_what_it_may_cost_is_reckoned_by_a_file(policy: Path, tmp_path: Path) -> None:
    costs = tmp_path / "costs.json"
    costs.write_text(
        '{"coupons": {"newcomer_3": 300, "thanks_3": 300, "second_order_4": 400}, "members": {"acquire": 20},'
        ' "known": {"messages": ["welcome", "what_is_new"]}}'
    )
    checked = run("check", policy, "--costs", costs)
    assert checked.exit_code == 1
    assert "there is no message template 'hello'; there are: welcome, what_is_new" in checked.output
    assert "today's 20 members: at most CNY 200.00 in coupons" in checked.output


def test_costs_that_cannot_be_read_are_told(policy: Path, tmp_path: Path) -> None:
    costs = tmp_path / "costs.json"
    costs.write_text('{"coupons": {"newcomer_3": "3"}}')
    refused = run("check", policy, "--costs", costs)
    assert refused.exit_code == 2
    assert "Expected `int`, got `str`" in refused.output


def test_what_is_no_policy_fails_its_check(policy: Path) -> None:
    policy.write_text(policy.read_text().replace("engaged.days >= 3", "engagd.days >= 3"))
    assert run("check", policy).exit_code == 1


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    missing = run("validate", tmp_path / "none.yaml")
    assert missing.exit_code == 2
    assert "does not exist" in missing.output
