from datetime import date

from lifecycle.authoring.domain import author
from lifecycle.authoring.festivals.domain import days_off
from lifecycle.authoring.service import shipped_text

TEXT = shipped_text().decode()


def test_the_days_off_of_2026_are_those_that_were_announced() -> None:
    days = days_off("cn-2026") or ()
    assert len(set(days)) == len(days) == 33
    assert {date(2026, 2, 15), date(2026, 2, 23), date(2026, 10, 7), date(2026, 1, 3)} <= set(days)
    worked = {
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    }
    assert not worked & set(days)


def test_a_policy_names_a_list_and_adds_days_of_its_own() -> None:
    for written in ("cn-2026", "[cn-2026]", "[cn-2026, 2026-11-11, 2026-10-01]"):
        policy = author(f"{TEXT}\ncalendar: {{holidays: {written}}}\n", tz="Asia/Shanghai").policy
        assert policy
        assert policy.holidays[:33] == days_off("cn-2026")
        assert policy.holidays[33:] == ((date(2026, 11, 11),) if "11-11" in written else ())


def test_a_list_that_nobody_announced_is_refused() -> None:
    [fault] = author(f"{TEXT}\ncalendar: {{holidays: cn-2027}}\n", tz="Asia/Shanghai").faults
    assert fault.path == "calendar.holidays"
    assert "there are: cn-2026" in fault.message("en")
    assert "cn-2026" in fault.message("zh")
