"""An enrolment 登記: members as they stand now are brought a rule that nothing of their own triggers, at a pace."""

from datetime import datetime, timedelta

import msgspec

from lifecycle.members.domain import Member

TOLERANCE = 10
"""Per cent by which the members may have become more or fewer between the proposal and its confirmation."""


class Among(msgspec.Struct, frozen=True, kw_only=True):
    """Whom: those who stand so in each way that is named; all, when none is."""

    stage: str | None = None
    health: str | None = None
    segment: str | None = None

    def has(self, member: Member) -> bool:
        standing = member.standing
        return (
            self.stage in (None, standing.get("stage"))
            and self.health in (None, standing.get("health"))
            and (self.segment is None or self.segment in standing)
        )


def allowed(per_minute: int, *, lanes: int, started_at: datetime, now: datetime, done: int) -> int:
    """How many more of a lane's members may be enrolled now: the pace is shared by the lanes, and its first minute is free."""
    minutes = (now - started_at) / timedelta(minutes=1) + 1
    return max(0, int(per_minute * minutes / lanes) - done)


def is_about(confirmed: int, now: int) -> bool:
    return abs(confirmed - now) * 100 <= TOLERANCE * max(confirmed, now)
