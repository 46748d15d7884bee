from pathlib import Path

import pytest

from demo.journey import Line
from factories.journey import ZONE, Row, journey

DAY = "2017-03-01"


def test_baskets_come_in_the_order_of_time_with_their_lines(tmp_path: Path) -> None:
    found = journey(
        tmp_path,
        [
            Row(2, household=7, at=f"{DAY} 18:00", product=5, quantity=3, value=4.5),
            Row(1, household=9, at=f"{DAY} 09:00", product=6, quantity=0, value=0.0),
            Row(1, household=9, at=f"{DAY} 09:00", product=7, quantity=2, value=1.15),
        ],
    )
    first, second = found.baskets()

    assert (first.id, first.household, first.amount_cents) == (1, 9, 115)
    assert first.lines == (Line(6, 1, 0), Line(7, 2, 115))
    assert first.at.isoformat() == "2017-03-01T09:00:00-05:00"
    assert (second.id, second.lines) == (2, (Line(5, 3, 450),))
    assert (found.basket_count, found.amount_cents, found.products, found.stores) == (2, 565, [5, 6, 7], [300])


def test_a_sample_is_spread_over_the_households_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    rows = [Row(n, household=n, at=f"{DAY} 0{n}:00") for n in range(1, 10)]
    found = journey(tmp_path, rows, households=3)

    assert found.households == [1, 5, 9]
    assert [basket.household for basket in found.baskets()] == [1, 5, 9]
    assert found.left_out.rows == {("transactions", "household not in the sample"): 6}


def test_a_coupon_is_issued_when_its_campaign_starts_but_not_before_registration(tmp_path: Path) -> None:
    rows = [Row(1, household=1, at=f"{DAY} 09:00"), Row(2, household=2, at="2017-03-05 10:00")]
    found = journey(
        tmp_path, rows, campaigns=[(8, "2017-03-03", "2017-03-09")], targets=[(8, 1), (8, 2)], households=None
    )

    assert [(target.household, target.at.replace(tzinfo=None).isoformat()) for target in found.targets] == [
        (1, "2017-03-03T00:00:00"),
        (2, "2017-03-05T10:00:00"),
    ]
    assert all(target.at.tzinfo is ZONE and target.basket is None for target in found.targets)


def test_a_campaign_that_ended_before_the_registration_is_left_out(tmp_path: Path) -> None:
    found = journey(
        tmp_path,
        [Row(1, household=1, at=f"{DAY} 00:00")],
        campaigns=[(8, "2017-02-01", "2017-02-28")],
        targets=[(8, 1)],
    )

    assert found.targets == []
    assert found.left_out.rows == {("campaigns", "ended before the household registered"): 1}


@pytest.mark.parametrize(
    ("redemptions", "basket", "reasons"),
    [
        ([(1, 8, "2017-03-02")], 3, []),
        ([(1, 8, "2017-03-02"), (1, 8, "2017-03-01")], 1, ["not the first of its target"]),
        ([(1, 8, "2017-03-03")], None, ["no basket on that day"]),
        ([(1, 8, "2017-03-04")], None, ["nothing to pay in the baskets of that day"]),
        ([(2, 8, "2017-03-03")], None, ["household not in the sample"]),
    ],
)
def test_the_first_redemption_of_a_target_is_in_the_largest_basket_of_its_day(
    tmp_path: Path, redemptions: list[tuple[int, int, str]], basket: int | None, reasons: list[str]
) -> None:
    rows = [
        Row(1, household=1, at="2017-03-01 09:00"),
        Row(2, household=1, at="2017-03-02 09:00", value=2),
        Row(3, household=1, at="2017-03-02 12:00", value=3),
        Row(4, household=1, at="2017-03-02 15:00", value=1),
        Row(5, household=1, at="2017-03-04 15:00", value=0),
    ]
    found = journey(
        tmp_path, rows, campaigns=[(8, "2017-03-01", "2017-03-09")], targets=[(8, 1)], redemptions=redemptions
    )

    assert [target.basket for target in found.targets] == [basket]
    assert list(found.left_out.rows) == [("coupon_redemptions", reason) for reason in reasons]


def test_one_basket_redeems_one_coupon(tmp_path: Path) -> None:
    rows = [Row(1, household=1, at=f"{DAY} 09:00", value=3), Row(2, household=1, at=f"{DAY} 12:00", value=2)]
    found = journey(
        tmp_path,
        rows,
        campaigns=[(n, "2017-03-01", "2017-03-09") for n in (7, 8, 9)],
        targets=[(n, 1) for n in (7, 8, 9)],
        redemptions=[(1, n, DAY) for n in (7, 8, 9)],
    )

    assert {target.campaign: target.basket for target in found.targets} == {7: 1, 8: 2, 9: None}
    assert found.left_out.rows == {("coupon_redemptions", "every basket of that day has another coupon"): 1}
