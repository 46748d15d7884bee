"""What a partition does with what comes: whatever the order, what is applied is the chain, once, without a hole."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.bus.kafka.chain import Baseline, Chain
from common.bus.kafka.following import LONGEST_REREAD, Foreign, Forked, Missing, Plan, follow, read_again
from common.bus.kafka.offsets import Gap, Offset
from common.bus.kafka.wire import Chained, Heartbeat
from common.bus.position import START
from factories.chained import LOG, NOW, at, heartbeat, record

BEGUN = Offset(chain=Chain(baseline=None), log=LOG)
LENGTH = 6


def take(offset: Offset, *records: Chained | Heartbeat) -> Plan:
    """At the offsets from where the partition stands."""
    placed = [replace(each, offset=offset.next_offset + n) for n, each in enumerate(records)]
    return follow(offset, placed, where="members, partition 3", now=NOW)


def applied(plan: Plan) -> list[int]:
    return [row.position.id for row in plan.rows]


def read_whole(log: Sequence[Chained | Heartbeat]) -> tuple[list[int], Offset]:
    """As a partition reads a log, again from its start when it wants to; what it applied, and where it stands."""
    offset, done, start = BEGUN, list[int](), 0
    while start < len(log):
        plan = follow(offset, [replace(each, offset=n) for n, each in enumerate(log)][start:], where="", now=NOW)
        done += applied(plan)
        offset, start = plan.offset, 0 if plan.reread else plan.scanned_to
    return done, offset


CHAIN = [record(number, after=number - 1) for number in range(1, LENGTH + 1)]


def test_the_chain_is_applied() -> None:
    plan = take(BEGUN, *CHAIN)
    assert applied(plan) == list(range(1, LENGTH + 1))
    assert plan.offset == Offset(LENGTH, Chain(at(LENGTH), {1: LENGTH}, baseline=None), LOG)
    assert plan.stopped is None


@given(st.lists(st.integers(0, LENGTH - 1), max_size=40))
def test_whatever_is_lost_repeated_and_turned_around_a_beginning_of_the_chain_is_applied(picks: list[int]) -> None:
    sent = max((pick + 1 for pick in picks), default=0)
    done, offset = read_whole([*(CHAIN[pick] for pick in picks), heartbeat(sent)])
    assert done == list(range(1, len(done) + 1))
    assert (offset.gap is not None) == (len(done) < sent), "the next heartbeat tells of every loss"


@given(st.lists(st.integers(0, LENGTH - 1), max_size=20))
def test_sending_all_of_it_again_heals(picks: list[int]) -> None:
    done, offset = read_whole([*(CHAIN[pick] for pick in picks), *CHAIN])
    assert done == list(range(1, LENGTH + 1))
    assert offset.gap is None


def test_a_log_in_which_a_batch_was_refused_and_sent_again() -> None:
    """10. What a relay with two batches on their way would leave behind."""
    numbers = [1, 4, 5, 2, 3, 4, 5]
    assert read_whole([CHAIN[number - 1] for number in numbers])[0] == [1, 2, 3, 4, 5]


def test_a_gap_is_first_taken_for_a_mistake_of_ours() -> None:
    plan = take(BEGUN, CHAIN[0], CHAIN[2])
    assert (applied(plan), plan.reread, plan.stopped) == ([1], True, None)
    assert (plan.offset.next_offset, plan.offset.gap) == (0, Gap(at(2), since=NOW, reread_at=NOW))


def test_a_gap_that_is_still_there_needs_a_person() -> None:
    again = take(BEGUN, CHAIN[0], CHAIN[2]).offset
    plan = take(again, CHAIN[0], CHAIN[2], CHAIN[4])
    assert applied(plan) == []
    assert isinstance(plan.stopped, Missing)
    assert plan.offset.gap is not None
    assert plan.offset.gap.least == at(2), "the least that is known to be missing"
    assert plan.offset.next_offset == 3


def test_a_heartbeat_above_what_was_applied_shows_a_lost_tail() -> None:
    plan = take(take(BEGUN, CHAIN[0]).offset, heartbeat(3, seconds=3))
    assert plan.reread
    assert plan.complete_to is None


def test_a_heartbeat_completes_time() -> None:
    plan = take(BEGUN, CHAIN[0], heartbeat(1, seconds=5), CHAIN[1], heartbeat(1, seconds=4), heartbeat(2))
    assert plan.complete_to == NOW + timedelta(seconds=5)


def test_no_time_is_complete_while_something_is_missing() -> None:
    open_gap = take(BEGUN, CHAIN[0], CHAIN[2]).offset
    assert take(open_gap, CHAIN[0], heartbeat(1, seconds=9)).complete_to is None


def test_a_fork_stops_the_partition_until_a_person_has_decided() -> None:
    whole = take(BEGUN, *CHAIN).offset
    restored = record(5, after=4, generation=2)
    plan = take(whole, restored, record(6, after=at(5, 2), generation=2))
    assert isinstance(plan.stopped, Forked)
    assert (applied(plan), plan.offset.next_offset, plan.offset.fork) == ([], LENGTH, at(4))

    accepted = replace(plan.offset, fork=None, chain=replace(plan.offset.chain, baseline=Baseline.PASSED))
    assert applied(take(accepted, restored, record(6, after=at(5, 2), generation=2))) == [5, 6]


def test_another_log_stops_the_partition() -> None:
    plan = take(take(BEGUN, CHAIN[0]).offset, record(2, after=1, log=UUID(int=8)))
    assert isinstance(plan.stopped, Foreign)
    assert applied(plan) == []


def test_the_first_record_says_which_log_it_is() -> None:
    assert take(Offset(), heartbeat(0)).offset.log == LOG


@pytest.mark.parametrize("first", [record(9, after=7), heartbeat(7)])
def test_a_new_group_hears_that_the_beginning_is_gone(first: Chained | Heartbeat) -> None:
    plan = take(Offset(), first)
    assert plan.missing == at(7)
    assert plan.stopped is None


@pytest.mark.parametrize("first", [record(1, after=0), heartbeat(0)])
def test_a_new_group_that_has_the_beginning_misses_nothing(first: Chained | Heartbeat) -> None:
    plan = take(Offset(), first)
    assert plan.missing is None
    assert first.prev == START


def test_what_a_person_gave_up_is_passed_once_it_was_looked_for_everywhere() -> None:
    log = [CHAIN[0], CHAIN[2], CHAIN[3]]
    plan = take(given_up(*log), *log)
    assert (applied(plan), plan.reread, plan.offset.gap) == ([], True, None)
    assert applied(take(plan.offset, *log)) == [3, 4]


def test_what_was_given_up_and_stands_further_on_is_applied() -> None:
    """It was sent again, behind what does not follow without it."""
    log: list[Chained | Heartbeat] = [CHAIN[0], CHAIN[2], heartbeat(3), CHAIN[1], CHAIN[2]]
    plan = follow(
        given_up(CHAIN[0], CHAIN[2]),
        [replace(each, offset=n) for n, each in enumerate(log)],
        where="",
        now=NOW,
        look_until=len(log),
    )
    assert applied(plan) == [2, 3]
    assert plan.offset.gap is None


def given_up(*log: Chained | Heartbeat) -> Offset:
    """A person has decided to go on without what is missing in this log."""
    still = take(take(BEGUN, *log).offset, *log).offset
    assert still.gap is not None
    return replace(still, gap=replace(still.gap, giving_up=True), next_offset=0)


def test_while_a_gap_is_open_the_partition_is_read_again_less_and_less_often() -> None:
    """What heals it may stand before `next_offset`, in a topic that was made anew."""
    offset, times = take(BEGUN, CHAIN[0], CHAIN[2]).offset, []
    for minute in range(60 * 24):
        now = NOW + timedelta(minutes=minute)
        again = read_again(offset, now)
        if again is not None:
            assert again.next_offset == 0
            offset = again
            times.append(now)
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits == sorted(waits)
    assert waits[0] <= timedelta(minutes=2)
    assert waits[-1] == LONGEST_REREAD


def test_without_a_gap_nothing_is_read_again() -> None:
    assert read_again(BEGUN, NOW) is None
