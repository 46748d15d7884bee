from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from demo.steps import Step, steps
from factories.journey import ZONE, Row, journey

SIX_HOURS = timedelta(hours=6)


def year(folder: Path, *rows: Row, **more: Any) -> list[Step]:
    return list(steps(journey(folder, rows, **more), zone=ZONE, length=SIX_HOURS))


def test_a_household_registers_in_the_step_of_its_first_basket(tmp_path: Path) -> None:
    taken = year(
        tmp_path,
        Row(1, household=1, at="2017-03-01 05:59:59"),
        Row(2, household=2, at="2017-03-01 06:00"),
        Row(3, household=1, at="2017-03-01 11:00"),
    )

    assert [(step.registrations, [basket.id for basket in step.baskets]) for step in taken] == [
        ([1], [1]),
        ([2], [2, 3]),
    ]


def test_parts_of_a_day_without_anything_are_no_steps_but_each_day_has_its_chat(tmp_path: Path) -> None:
    taken = year(tmp_path, Row(1, household=1, at="2017-03-01 01:00"), Row(2, household=1, at="2017-03-03 19:00"))

    assert [(step.at.day, step.at.hour) for step in taken] == [(1, 0), (1, 12), (2, 12), (3, 12), (3, 18)]
    assert [step.chat_day for step in taken if step.chat_day] == [date(2017, 3, n) for n in (1, 2, 3)]


def test_coupons_come_at_their_moment(tmp_path: Path) -> None:
    taken = year(
        tmp_path,
        Row(1, household=1, at="2017-03-01 09:00"),
        Row(2, household=1, at="2017-03-04 09:00"),
        campaigns=[(8, "2017-03-03", "2017-03-09")],
        targets=[(8, 1)],
    )

    assert [step.at.date() for step in taken if step.targets] == [date(2017, 3, 3)]


@given(
    st.lists(
        st.datetimes(datetime(2017, 3, 8), datetime(2017, 3, 16)),  # noqa: DTZ001 - as in the tables; summer time begins
        min_size=1,
        max_size=8,
    )
)
def test_every_basket_is_in_one_step_close_to_its_time_and_time_only_goes_on(
    tmp_path_factory: Any, times: list[datetime]
) -> None:
    rows = [Row(n, household=n % 3, at=f"{time:%Y-%m-%d %H:%M:%S}") for n, time in enumerate(times)]
    taken = year(tmp_path_factory.mktemp("journey"), *rows)

    assert sorted(basket.id for step in taken for basket in step.baskets) == list(range(len(rows)))
    for step in taken:
        for basket in step.baskets:
            assert (
                timedelta(0) <= basket.at.replace(tzinfo=None) - step.at.replace(tzinfo=None, microsecond=0) < SIX_HOURS
            )
    moments = [step.at.timestamp() for step in taken]
    assert moments == sorted(set(moments))
