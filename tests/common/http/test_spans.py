"""A span of time: open at both ends, closed at its beginning, and never backwards."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http.spans import Span, SpanInvalid, span

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
moments = st.none() | st.integers(-3, 3).map(lambda hours: NOON + timedelta(hours=hours))


@given(since=moments, until=moments)
async def test_a_span_is_refused_exactly_if_nothing_can_be_in_it(
    since: datetime | None, until: datetime | None
) -> None:
    if since is not None and until is not None and until <= since:
        with pytest.raises(SpanInvalid, match="after `from`"):
            await span(since, until)
    else:
        assert await span(since, until) == Span(since, until)
