from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from lifecycle.answers.reasons.domain import NOT_TO_ACT, WAITS, reason
from lifecycle.stepping.checks.domain import Reason
from lifecycle.text.faults.domain import Language

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNTIL = datetime(2026, 3, 3, tzinfo=UTC)


@pytest.mark.parametrize("outcome", get_args(Reason))
@pytest.mark.parametrize("language", get_args(Language))
def test_every_reason_has_words(outcome: str, language: Language) -> None:
    assert outcome in NOT_TO_ACT
    told = reason(outcome, key="convert#2", by="1 promo a day")
    assert told.text.code == f"decided_{outcome}"
    assert not told.holds
    assert told.told(language, SHANGHAI)


@pytest.mark.parametrize("outcome", WAITS)
def test_what_waits_says_until_when(outcome: str) -> None:
    told = reason(outcome, until=UNTIL, by="1 promo a day")
    assert told.text.code == f"waits_{outcome}"
    assert "until 2026-03-03 08:00" in told.told("en", SHANGHAI)
    assert reason(outcome, by="1 promo a day").text.code == f"decided_{outcome}"


def test_acting_is_told_and_a_reason_of_another_version_stands_for_itself() -> None:
    assert reason("acted").holds
    assert reason("moon_phase").told("en", SHANGHAI) == "it did not act: moon_phase"
