from datetime import datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from members.mergers.domain import Account, root_and_other

accounts = st.tuples(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 1, 2)), st.uuids())  # noqa: DTZ001 - only their order counts


@given(one=accounts, other=accounts)
def test_the_root_is_the_same_whoever_is_named_first(one: Account, other: Account) -> None:
    root, younger = root_and_other(one, other)
    assert root_and_other(other, one) == (root, younger)
    assert root <= younger


def test_of_accounts_of_one_moment_the_lower_id_is_the_root() -> None:
    moment = datetime(2026, 1, 1)  # noqa: DTZ001 - only their order counts
    assert root_and_other((moment, UUID(int=2)), (moment, UUID(int=1)))[0] == (moment, UUID(int=1))
