import pytest

from common import errors
from common.errors import AppError, Conflict, Unavailable


class OutOfStock(Conflict):
    pass


@pytest.mark.parametrize(
    ("kind", "code"),
    [(OutOfStock, "out_of_stock"), (errors.NotFound, "not_found"), (errors.RateLimited, "rate_limited")],
)
def test_a_code_follows_from_the_name(kind: type[AppError], code: str) -> None:
    assert kind.code == kind("detail").code == code


def test_an_error_carries_what_a_client_may_do() -> None:
    error = Unavailable("try again", retry_after_seconds=3)
    assert (str(error), error.detail, error.extra) == ("try again", "try again", {"retry_after_seconds": 3})


def test_a_code_is_of_the_class_itself_not_of_its_kind() -> None:
    assert Conflict.code == "conflict"
    assert OutOfStock.code != Conflict.code
