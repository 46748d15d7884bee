from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.standing.trends.domain import Stand, trend

VALUES = st.sampled_from(["acquire", "convert", "repurchase"])
LIVES = st.lists(st.dictionaries(st.integers(0, 6), VALUES, min_size=1, max_size=4), max_size=8)
"""Of each member: at the beginning of which period they came into which value."""
PERIODS = 5


def stood(life: dict[int, str], period: int) -> str | None:
    return next((life[begun] for begun in sorted(life, reverse=True) if begun <= period), None)


@given(LIVES)
def test_whoever_looks_back_sees_what_was_there(lives: list[dict[int, str]]) -> None:
    """Periods are numbered from 0; those of 5 and later are after the last that is asked for."""
    now: Counter[Stand] = Counter(("stage", life[max(life)]) for life in lives)
    moved = [
        (period, ("stage", value), members)
        for life in lives
        for period in sorted(life)
        if period > 0
        for value, members in ((life[period], 1), (stood(life, period - 1), -1))
        if value is not None
    ]
    ends = [Counter(("stage", value) for life in lives if (value := stood(life, period))) for period in range(PERIODS)]
    assert trend(now, moved, periods=PERIODS) == ends
