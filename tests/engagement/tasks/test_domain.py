from datetime import UTC, datetime, timedelta

import pytest

from engagement.tasks.domain import LONGEST, due_after

ASKED = datetime(2026, 5, 1, tzinfo=UTC)


def test_a_task_is_due_so_many_minutes_after_it_is_asked_for() -> None:
    assert due_after(ASKED, minutes=120) == ASKED + timedelta(hours=2)
    assert due_after(ASKED, minutes=LONGEST // timedelta(minutes=1)) == ASKED + LONGEST


@pytest.mark.parametrize("minutes", [LONGEST // timedelta(minutes=1) + 1, 2**62])
def test_a_task_is_not_due_in_years(minutes: int) -> None:
    with pytest.raises(ValueError, match="at most 366 days"):
        due_after(ASKED, minutes=minutes)
