from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.audience.domain import Audience
from engagement.deliveries.domain import (
    FIRST_WAIT,
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    Delivery,
    Reason,
    Standing,
    after,
    body_of,
    obstacle,
    verdict_on,
    wait_after,
)

NOW = datetime(2026, 5, 1, tzinfo=UTC)
GONE = UUID(int=2)
WAITING = Delivery(
    action_id=UUID(int=1),
    member_id=UUID(int=3),
    endpoint="crm",
    rule="welcome",
    key="k",
    consent=None,
    asked_at=NOW,
    valid_until=NOW + timedelta(days=2),
    state="waiting",
    reason=None,
    attempts=1,
    withdrawn=False,
)
AUDIENCE = Audience(erased=frozenset({GONE}), permitted=frozenset())


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (WAITING, None),
        (replace(WAITING, withdrawn=True, valid_until=NOW - timedelta(1)), "withdrawn"),
        (replace(WAITING, valid_until=NOW - timedelta(1), attempts=0), "expired"),
        (replace(WAITING, valid_until=NOW - timedelta(1)), "no_answer"),
        (replace(WAITING, attempts=MOST_ATTEMPTS), "no_answer"),
        (replace(WAITING, attempts=MOST_ATTEMPTS, state="delivered"), None),
        (replace(WAITING, member_id=GONE), "unknown_member"),
        (replace(WAITING, consent="promo"), "no_consent"),
        (replace(WAITING, endpoint="gone"), "unknown_endpoint"),
    ],
)
def test_the_first_thing_in_the_way_is_the_reason(delivery: Delivery, expected: Reason | None) -> None:
    assert obstacle(delivery, now=NOW, audience=AUDIENCE, endpoints={"crm"}) == expected


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((200, 201, 204, 299), "delivered"),
        ((410,), "gone"),
        ((400, 401, 403, 404, 409, 422, 499), "answered_no"),
        ((408, 425, 429, 301, 302, 307, 500, 502, 503, 599, 100), "again"),
    ],
)
def test_what_a_status_means(statuses: tuple[int, ...], verdict: str) -> None:
    assert {verdict_on(status, None) for status in statuses} == {verdict}


def test_what_no_answer_means() -> None:
    assert verdict_on(None, "address_forbidden") == "address_forbidden"
    assert {verdict_on(None, fault) for fault in ("timeout", "no_connection", "no_address", "no_http")} == {"again"}


@given(st.integers(1, 40), st.floats(0, 1))
def test_the_wait_is_bounded_and_spread_over_its_second_half(attempts: int, dice: float) -> None:
    longest = min(LONGEST_WAIT, FIRST_WAIT * 4 ** min(attempts - 1, 9))
    assert longest / 2 <= wait_after(attempts, dice=dice) <= longest


@given(st.integers(1, MOST_ATTEMPTS), st.floats(0, 1), st.timedeltas(timedelta(0), timedelta(days=2)))
def test_nothing_is_tried_more_often_or_later_than_it_may(attempts: int, dice: float, left: timedelta) -> None:
    delivery = replace(WAITING, attempts=attempts, valid_until=NOW + left)
    standing = after(delivery, "again", now=NOW, dice=dice)

    if standing.due_at is not None:
        assert attempts < MOST_ATTEMPTS
        assert NOW < standing.due_at <= delivery.valid_until
    else:
        assert standing == Standing("refused", "no_answer")


def test_a_withdrawn_one_that_is_being_sent_is_delivered_or_not_tried_again() -> None:
    delivery = replace(WAITING, withdrawn=True)

    assert after(delivery, "delivered", now=NOW, dice=0.5) == Standing("delivered")
    assert after(delivery, "again", now=NOW, dice=0.5) == Standing("refused", "withdrawn")


@pytest.mark.parametrize("verdict", ["delivered", "answered_no", "gone", "address_forbidden", "again"])
def test_what_was_told_of_a_delivery_stays_when_it_is_sent_once_more(verdict: str) -> None:
    for told in (replace(WAITING, state="delivered"), replace(WAITING, state="refused", reason="no_answer")):
        assert after(told, verdict, now=NOW, dice=0) == Standing(told.state, told.reason)  # type: ignore[arg-type]  # one of five


def test_the_body_says_what_is_known_and_nothing_personal() -> None:
    assert msgspec.json.decode(body_of(WAITING)) == {
        "action_id": str(WAITING.action_id),
        "member_id": str(WAITING.member_id),
        "rule": "welcome",
        "key": "k",
        "at": "2026-05-01T00:00:00Z",
        "valid_until": "2026-05-03T00:00:00Z",
    }
