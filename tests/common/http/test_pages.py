"""Lists: a cursor leads to what follows, and only a cursor that a list gave does."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http.pages import LARGEST, CursorInvalid, PageRequest, page
from factories.shop import Shop

NUMBERS = st.integers(1, 2**63 - 1)


@given(st.uuids())
def test_a_cursor_leads_to_the_id_that_it_was_made_of(last: UUID) -> None:
    cursor = page([last], limit=1, last_id=last).next_cursor

    assert PageRequest(cursor=cursor).after == last


@given(NUMBERS)
def test_a_cursor_leads_to_the_number_that_it_was_made_of(last: int) -> None:
    cursor = page([last], limit=1, last_id=last).next_cursor

    assert PageRequest(cursor=cursor).after_number == last


@given(st.uuids())
def test_a_cursor_goes_into_a_query_as_it_is(last: UUID) -> None:
    cursor = page([last], limit=1, last_id=last).next_cursor

    assert cursor is not None
    assert all(character.isalnum() or character in "-_" for character in cursor)


@given(st.text(max_size=100))
def test_what_no_list_gave_is_refused_or_is_what_a_list_would_give(cursor: str) -> None:
    try:
        after = PageRequest(cursor=cursor).after
    except CursorInvalid as error:
        told = error.detail
    else:
        told = ""
        assert after is not None
        assert page([after], limit=1, last_id=after).next_cursor == cursor

    assert not told or "next_cursor" in told


GOOD = base64.urlsafe_b64encode(UUID(int=2**127 + 5).bytes).decode().rstrip("=")
WRONG = [
    "",
    "5",
    "nonsense",
    GOOD[:-1],
    GOOD + "A",
    GOOD + "==",
    GOOD + "!",
    "!" + GOOD,
    GOOD[:-1] + "é",
    "A" * 100,
    str(UUID(int=5)),
]


@pytest.mark.parametrize("cursor", WRONG)
def test_a_wrong_cursor_is_named(cursor: str) -> None:
    with pytest.raises(CursorInvalid, match="cursor: expected the next_cursor of an earlier page"):
        PageRequest(cursor=cursor).after  # noqa: B018 - the property looks


def test_the_cursor_of_another_list_is_wrong_where_a_number_is_wanted() -> None:
    """It would be a number that no column of PostgreSQL holds."""
    assert PageRequest(cursor=GOOD).after == UUID(int=2**127 + 5)
    with pytest.raises(CursorInvalid):
        PageRequest(cursor=GOOD).after_number  # noqa: B018 - the property looks


def test_the_start_has_no_cursor() -> None:
    assert PageRequest().after is None
    assert PageRequest().after_number == 0


@given(items=st.lists(NUMBERS, unique=True).map(sorted), limit=st.integers(1, LARGEST))
def test_following_the_cursors_gives_every_item_once(items: list[int], limit: int) -> None:
    got: list[int] = []
    request = PageRequest(limit=limit)
    while True:
        found = [item for item in items if item > request.after_number][: request.limit]
        part = page(found, limit=request.limit, last_id=found[-1] if found else None)
        got += part.items
        if part.next_cursor is None:
            break
        request = PageRequest(cursor=part.next_cursor, limit=limit)

    assert got == items


@pytest.mark.parametrize("limit", [0, -1, LARGEST + 1, "many"])
async def test_a_page_has_a_bound(shop: Shop, limit: int | str) -> None:
    answer = await shop.client.get("/shop/v1/orders", params={"limit": limit})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query.limit"


@pytest.mark.parametrize("path", ["/shop/v1/orders", "/shop/v1/letters"])
async def test_a_wrong_cursor_is_the_clients(shop: Shop, path: str) -> None:
    for cursor in WRONG:
        answer = await shop.client.get(path, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")
    answer = await shop.client.get(path, params={"cursor": "A" * 101})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_a_number_list_given_anothers_cursor_is_the_clients(shop: Shop) -> None:
    answer = await shop.client.get("/shop/v1/letters", params={"cursor": GOOD})

    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")
