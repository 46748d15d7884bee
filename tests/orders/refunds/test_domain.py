from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.errors import LineUnknown, RefundTooLarge
from orders.refunds.domain import Claim, Refundable, claim, claim_rest


def a_line(n: int, *, quantity: int, net_minor: int) -> Refundable:
    return Refundable(
        line_id=UUID(int=n), quantity=quantity, net_minor=net_minor, refunded_quantity=0, refunded_minor=0
    )


def after(line: Refundable, claims: list[Claim]) -> Refundable:
    for made in claims:
        if made.line_id == line.line_id:
            line = replace(
                line,
                refunded_quantity=line.refunded_quantity + made.quantity,
                refunded_minor=line.refunded_minor + made.amount_minor,
            )
    return line


@given(st.integers(1, 500), st.integers(0, 10**9), st.lists(st.integers(1, 60), max_size=30))
def test_parts_never_exceed_what_was_paid_and_together_are_exactly_that(
    quantity: int, net_minor: int, parts: list[int]
) -> None:
    line = a_line(1, quantity=quantity, net_minor=net_minor)
    for part in parts:
        if part > line.left:
            with pytest.raises(RefundTooLarge):
                claim([line], {line.line_id: part})
            continue
        claims = claim([line], {line.line_id: part})
        assert claims[0].amount_minor >= 0
        line = after(line, claims)
        assert line.refunded_minor <= net_minor
        assert line.refunded_quantity <= quantity

    line = after(line, claim_rest([line]))
    assert (line.refunded_quantity, line.refunded_minor) == (quantity, net_minor)
    assert claim_rest([line]) == []


@given(st.integers(1, 50), st.integers(0, 1000), st.data())
def test_how_it_is_cut_changes_nothing_in_the_end(quantity: int, net_minor: int, data: st.DataObject) -> None:
    line = a_line(1, quantity=quantity, net_minor=net_minor)
    upto = data.draw(st.integers(1, quantity))
    at_once = after(line, claim([line], {line.line_id: upto}))
    one_by_one = line
    for _ in range(upto):
        one_by_one = after(one_by_one, claim([one_by_one], {line.line_id: 1}))

    assert one_by_one == at_once


def test_the_rest_is_everything_that_is_left_of_every_line() -> None:
    whole, begun, gone = (
        a_line(1, quantity=3, net_minor=100),
        replace(a_line(2, quantity=3, net_minor=100), refunded_quantity=1, refunded_minor=33),
        replace(a_line(3, quantity=1, net_minor=7), refunded_quantity=1, refunded_minor=7),
    )

    assert claim_rest([whole, begun, gone]) == [
        Claim(line_id=whole.line_id, quantity=3, amount_minor=100),
        Claim(line_id=begun.line_id, quantity=2, amount_minor=67),
    ]


def test_a_line_of_another_order_is_refused() -> None:
    with pytest.raises(LineUnknown):
        claim([a_line(1, quantity=1, net_minor=1)], {UUID(int=2): 1})
