from datetime import UTC, date, datetime
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from factories.guarded_histories import BASE_POLICY
from lifecycle.answers.derivations.domain import differences_between
from lifecycle.engine.domain import compiled
from lifecycle.publishing.versions.domain import ALWAYS, Version, Versions
from lifecycle.receipts.domain import DayCount, Detail
from lifecycle.replays.domain import foreseen

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def counted(times: int) -> DayCount:
    return DayCount(
        rule="welcome",
        reason="stale",
        day=date(2026, 3, 2),
        times=times,
        version=1,
        at=NOON,
        detail=Detail({"pace": 4.0, "level": 1}),
    )


rows = st.lists(st.integers(1, 3).map(counted), max_size=5)


@given(one=rows, other=rows)
def test_nothing_differs_if_and_only_if_both_have_the_same_as_often(one: list[DayCount], other: list[DayCount]) -> None:
    same = sorted(each.times for each in one) == sorted(each.times for each in other)
    assert (differences_between(one, other) == []) is same


def test_what_differs_is_told_with_the_side_that_has_it() -> None:
    [kept] = differences_between([], [counted(1)])
    [derived] = differences_between([counted(1)], [])
    assert [each.text.code for each in (kept, derived)] == ["derivation_only_kept", "derivation_only_derived"]
    assert '"times":1' in str(kept.values["what"])


def test_what_was_published_later_is_counted_from_the_first_event_on() -> None:
    """The publish back-fills it, so that who derives does not need to know how far that had come."""
    plain = msgspec.structs.replace(
        BASE_POLICY, stages=BASE_POLICY.stages[:1], health=BASE_POLICY.health[-1:], rules=()
    )
    engines = [
        compiled(msgspec.structs.replace(plain, metrics=plain.metrics[:number]), version=number)
        for number in range(1, len(plain.metrics) + 1)
    ]
    published = tuple(Version(engine=engine, effective_at=ALWAYS) for engine in engines)
    latest = Versions(published=published, revision=99)
    for earlier, later in pairwise(engines):
        then = Versions(
            published=published[: earlier.version],
            prepared=(later,),
            since=dict.fromkeys(later.numbers.values(), 50),
            revision=60,
        )
        known = foreseen(then, latest)
        assert known.published == then.published
        assert [engine.version for engine in known.prepared] == [
            engine.version for engine in engines[earlier.version :]
        ]
        for event in engines[-1].folds:
            counted_ = known.folds(earlier.version, event, read_at=1)
            assert {fold.place for fold in counted_} == {fold.place for fold in engines[-1].folds[event]}
