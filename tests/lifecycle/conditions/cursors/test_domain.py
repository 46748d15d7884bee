import pytest

from factories.conditions import accepted, refusals
from lifecycle.conditions.cursors.domain import MOST_DEEP, MOST_NODES


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("not ", "")])
def test_a_condition_is_bounded_in_depth(opening: str, closing: str) -> None:
    accepted(opening * MOST_DEEP + "always" + closing * MOST_DEEP)

    too_deep = opening * (MOST_DEEP + 1)
    assert refusals(too_deep + "always" + closing * (MOST_DEEP + 1)) == [
        f"1:{len(too_deep) + 1}: brackets and not stand at most 32 deep in one another; a part may become a segment"
    ]


def test_depth_beside_one_another_is_not_added_up() -> None:
    deep = "(" * MOST_DEEP + "always" + ")" * MOST_DEEP
    accepted(f"{deep} and {deep}")


def test_a_condition_is_bounded_in_size() -> None:
    """Each word is a part, and so is what joins them."""
    accepted(" or ".join(["always"] * (MOST_NODES - 1)))
    [told] = refusals(" or ".join(["always"] * MOST_NODES))
    assert told == "1:1: a condition has at most 200 parts; some of it may become a segment"
