"""What lifecycle refuses, as facts."""

from common.errors import Conflict, Invalid, NotFound


class MemberUnknown(NotFound):
    """No event of that member has been read."""


class RangeInvalid(Invalid):
    """The days asked for are none, or too many."""


class VersionUnknown(NotFound):
    """No version of the policy has that number."""


class DraftInvalid(Invalid):
    """The policy that is to be tried is none."""


class ReplayUnknown(NotFound):
    """No replay was asked for under that id."""


class ReplayRunning(Conflict):
    """One replay at a time."""


class HistoryInvalid(Invalid):
    """A history that is to be imported has a line that is no event."""


class JournalTaken(Conflict):
    """There is a journal already."""
