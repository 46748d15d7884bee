import pytest

from common.bus.kafka.chain import Baseline, Chain, Verdict
from common.bus.position import START, Position
from factories.chained import at

READ = Chain(last=at(5), ends={1: 5}, baseline=None)
"""Everything up to 5 was applied."""


def test_what_follows_is_applied() -> None:
    assert READ.judge(position=at(9), prev=at(5)) is Verdict.APPLY
    assert READ.applied(at(9)) == Chain(at(9), {1: 9}, baseline=None)


@pytest.mark.parametrize("number", range(1, 6))
def test_what_was_applied_is_passed(number: int) -> None:
    assert READ.judge(position=at(number), prev=at(number - 1)) is Verdict.PASS


def test_what_follows_something_else_shows_a_gap() -> None:
    assert READ.judge(position=at(9), prev=at(7)) is Verdict.GAP


def test_what_follows_something_earlier_shows_a_fork() -> None:
    """The producer was restored to 3, and goes on in a new generation."""
    assert READ.judge(position=at(4, 2), prev=at(3)) is Verdict.FORK


def test_a_history_that_was_left_is_passed() -> None:
    """A relay that does not know yet that its server was replaced still sends."""
    left = Chain(last=at(4, 2), ends={1: 3, 2: 4}, baseline=None)
    assert left.judge(position=at(4), prev=at(3)) is Verdict.PASS
    assert left.judge(position=at(5), prev=at(4)) is Verdict.PASS


def test_after_failing_over_and_back_what_was_applied_is_still_known() -> None:
    """Generation 1 up to 3, then 2, then back on the first server: its 4 was never applied, its 3 was."""
    back = Chain(last=at(4, 2), ends={1: 3, 2: 4}, baseline=Baseline.PASSED)
    assert back.judge(position=at(3), prev=at(2)) is Verdict.PASS
    assert back.judge(position=at(4), prev=at(3)) is Verdict.APPLY
    assert back.judge(position=at(5, 3), prev=at(4)) is Verdict.GAP, "what it follows was never applied"


def test_an_accepted_fork_is_accepted_once() -> None:
    accepted = Chain(last=at(5), ends={1: 5}, baseline=Baseline.PASSED)
    assert accepted.judge(position=at(4, 2), prev=at(3)) is Verdict.APPLY
    assert accepted.applied(at(4, 2)).judge(position=at(4, 3), prev=at(3)) is Verdict.FORK


def test_a_new_group_begins_wherever_the_log_does() -> None:
    assert Chain().judge(position=at(9), prev=at(7)) is Verdict.APPLY
    assert Chain().judge(position=at(1), prev=START) is Verdict.APPLY


def test_a_new_group_that_first_hears_a_heartbeat_begins_there() -> None:
    begun = Chain().begun(at(7))
    assert begun.judge(position=at(9), prev=at(7)) is Verdict.APPLY
    assert begun.judge(position=at(10), prev=at(9)) is Verdict.GAP, "the broker lost a record in between"


@pytest.mark.parametrize(
    ("head", "verdict"), [(START, Verdict.APPLY), (at(3), Verdict.APPLY), (at(5), Verdict.APPLY), (at(6), Verdict.GAP)]
)
def test_a_heartbeat_tells_of_a_lost_tail(head: Position, verdict: Verdict) -> None:
    assert READ.judge_head(head) is verdict


def test_a_heartbeat_of_a_history_that_was_left_says_nothing() -> None:
    left = Chain(last=at(4, 2), ends={1: 3, 2: 4}, baseline=None)
    assert left.judge_head(at(5)) is Verdict.PASS
