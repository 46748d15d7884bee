from datetime import UTC, datetime
from typing import get_args, get_type_hints
from zoneinfo import ZoneInfo

from common.contracts.members import RewardRetained
from common.contracts.orders import CouponRetained
from common.contracts.topics import CATALOGUE
from lifecycle.actions.domain import GIVEN_UP, OUTCOMES
from lifecycle.text.faults.domain import Text
from lifecycle.text.labels.domain import Label
from lifecycle.text.statements.domain import WORDS, Statement, say

DONE = Text("test_done", en="{kind} {what}: done at {settled}", zh="{settled} 完成{kind}：{what}")
MOVED = Text("test_moved", en="{dimension} {value}: {rule}", zh="{dimension} {value}：{rule}")
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_statement_is_told_in_both_languages_by_a_clock_and_with_words_for_codes() -> None:
    done = say(DONE, kind="issue_coupon", what="thanks_3", settled=NOON)
    assert done.told("en", SHANGHAI) == "coupon thanks_3: done at 2026-03-02 12:00"
    assert done.told("zh", SHANGHAI) == "2026-03-02 12:00 完成發券：thanks_3"
    assert done.told("en", ZoneInfo("Europe/Berlin")).endswith("05:00")


def test_as_data_it_has_codes_and_moments_and_nothing_that_it_does_not_say() -> None:
    done = say(DONE, at=NOON, holds=True, kind="issue_coupon", what="{odd}", settled=NOON, reason="none", asks=None)
    assert done == Statement(
        text=DONE, at=NOON, holds=True, values={"kind": "issue_coupon", "what": "{odd}", "settled": NOON}
    )
    assert "{odd}" in done.told("en", SHANGHAI)


def test_every_reason_why_something_was_not_done_or_not_taken_back_has_words() -> None:
    """Services tell them as codes; an operator reads them in answers."""
    told = [kind for kind in CATALOGUE.values() if kind.NAME in OUTCOMES or kind in {RewardRetained, CouponRetained}]
    reasons = {reason for kind in told for reason in get_args(get_type_hints(kind).get("reason"))}
    assert len(reasons) > 10
    assert [each for each in sorted({*reasons, GIVEN_UP}) if ("reason", each) not in WORDS] == []


def test_a_code_without_a_word_stands_for_itself() -> None:
    assert say(DONE, kind="fly", what="x", settled=NOON).told("zh", SHANGHAI).endswith("完成fly：x")


def test_what_has_a_title_is_told_by_it() -> None:
    moved = say(MOVED, dimension="stage", value="loyal", rule="loyal")
    titles = {"value": {"loyal": Label("忠實顧客", "Loyal")}, "rule": {"loyal": Label("送積分", "Points")}}
    assert moved.told("zh", SHANGHAI, titles) == "階段 忠實顧客 (loyal)：送積分 (loyal)"
    assert moved.told("en", SHANGHAI, titles) == "stage Loyal: Points (loyal)"
    assert moved.told("en", SHANGHAI) == "stage loyal: loyal"
