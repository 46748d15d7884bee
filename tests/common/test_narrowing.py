"""A query is narrowed to what was asked for."""

import pytest

from common.narrowing import narrowed

SQL = "SELECT * FROM task WHERE id > $1 AND asked ORDER BY id LIMIT $2"


def test_what_is_asked_for_is_a_condition_with_a_place_of_its_own() -> None:
    query = narrowed(SQL, 7, 50, where={"team =": "shop", "state =": None, "due_at <": 3})
    assert query == (
        "SELECT * FROM task WHERE id > $1 AND team = $3 AND due_at < $4 ORDER BY id LIMIT $2",
        7,
        50,
        "shop",
        3,
    )


def test_nothing_asked_for_is_everything() -> None:
    assert (
        narrowed(SQL, 7, 50, where={"team =": None})[0]
        == "SELECT * FROM task WHERE id > $1 AND true ORDER BY id LIMIT $2"
    )


def test_false_and_zero_are_asked_for() -> None:
    assert narrowed(SQL, where={"active =": False, "points =": 0})[1:] == (False, 0)


def test_a_query_without_a_place_for_it_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no place"):
        narrowed("SELECT 1", where={"team =": "shop"})
