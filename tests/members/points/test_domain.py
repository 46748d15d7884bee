from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.points.domain import MOST, Account, Posting, settle

MEMBERS = [UUID(int=n) for n in range(3)]
postings = st.lists(
    st.builds(
        Posting,
        member_id=st.sampled_from(MEMBERS),
        kind=st.just("adjust"),
        points=st.integers(-50, 50),
        reason=st.just("test"),
        business_id=st.uuids().map(str),
    ),
    max_size=20,
)
accounts = st.dictionaries(st.sampled_from(MEMBERS), st.builds(Account, st.integers(0, 60), st.integers(0, 9)))


@given(accounts=accounts, postings=postings)
def test_a_balance_is_the_sum_of_what_was_posted_and_never_negative(
    accounts: dict[UUID, Account], postings: list[Posting]
) -> None:
    lines = settle(accounts, postings)
    for member_id in MEMBERS:
        before = accounts.get(member_id, Account())
        done = [
            (posting, line)
            for posting, line in zip(postings, lines, strict=True)
            if posting.member_id == member_id and line is not None
        ]
        balance = before.balance
        for number, (posting, line) in enumerate(done, before.entries + 1):
            balance += posting.points
            assert (line.number, line.balance) == (number, balance)
            assert balance >= 0


@given(accounts=accounts, postings=postings)
def test_only_what_would_go_below_zero_is_refused(accounts: dict[UUID, Account], postings: list[Posting]) -> None:
    balances = {member_id: account.balance for member_id, account in accounts.items()}
    for posting, line in zip(postings, settle(accounts, postings), strict=True):
        after = balances.get(posting.member_id, 0) + posting.points
        assert (line is None) == (after < 0)
        if line is not None:
            balances[posting.member_id] = after


@given(postings=postings)
def test_what_is_posted_and_taken_back_leaves_nothing(postings: list[Posting]) -> None:
    given_points = [posting for posting in postings if posting.points > 0]
    inverses = [
        Posting(member_id=p.member_id, kind="reverse", points=-p.points, reason=p.reason, business_id=f"reverse:{n}")
        for n, p in enumerate(given_points)
    ]
    lines = settle({}, [*given_points, *inverses])

    last = {posting.member_id: line for posting, line in zip([*given_points, *inverses], lines, strict=True)}
    assert all(line is not None and line.balance == 0 for line in last.values())


def test_an_absurd_number_of_points_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at most"):
        Posting(member_id=uuid4(), kind="earn", points=MOST + 1, reason="test", business_id="1")
