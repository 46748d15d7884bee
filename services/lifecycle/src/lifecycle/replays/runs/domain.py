"""Runs 執行: how far a trial of every lane is, and what is said of it."""

from collections.abc import Sequence

import msgspec

from lifecycle.policy.domain import Policy
from lifecycle.policy.titles.domain import titles_of
from lifecycle.replays.projections.domain import Difference
from lifecycle.reports.domain import Heading


class Progress(msgspec.Struct, kw_only=True):
    entries: int = 0
    events: int = 0
    of: int = 0
    """Entries that the journal holds."""

    def told(self, seconds: float) -> str:
        """`" 42 %  1,234 of 2,930 entries, 23,456 events/s, 1:20 left"`."""
        share = self.entries / self.of if self.of else 1.0
        left = int(seconds / share - seconds) if share else 0
        rate = self.events / seconds if seconds else 0
        return (
            f"{share:4.0%}  {self.entries:,} of {self.of:,} entries, {rate:,.0f} events/s,"
            f" {left // 60}:{left % 60:02} left"
        )


def heading(policy: Policy, *, is_draft: bool, differences: Sequence[Difference] | None, currency: str) -> Heading:
    """`differences`: None when nobody asked."""
    return Heading(
        policy=policy.name,
        tz=policy.tz,
        values={
            **{dimension.name: tuple(value.name for value in dimension.values) for dimension in policy.dimensions},
            **{segment.name: (segment.name,) for segment in policy.segments},
        },
        titles=titles_of(policy),
        currency=currency,
        is_draft=is_draft,
        equals_live=None if differences is None else not differences,
    )
