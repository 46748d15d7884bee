"""What lifecycle refuses, as facts."""

from collections.abc import Sequence

from common.errors import Conflict, Invalid, NotFound
from lifecycle.text.faults.domain import Fault


class MemberUnknown(NotFound):
    """No event of that member has been read."""


class MemberErased(NotFound):
    """The member is erased 已刪除: nothing is kept of them."""


class MergedInCircle(Conflict):
    """A member would be another who is that member: nobody would stand for them."""


class RangeInvalid(Invalid):
    """The days asked for are none, or too many."""


class VersionUnknown(NotFound):
    """No version of the policy has that number."""


class SegmentUnknown(NotFound):
    """The policy in force has no such segment."""


class RuleUnknown(NotFound):
    """No policy in force or in preparation has such a rule."""


class PolicyInvalid(Invalid):
    """The text is no policy: everything that is wrong with it, each at its place."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        errors = [(f"body.text.{fault.path}", str(fault)) for fault in faults]
        super().__init__(f"the policy has {len(faults)} faults; the first: {faults[0]}", errors=errors)


class NotInPreparation(Conflict):
    """Only a version in preparation can be published or abandoned."""


class VersionFirm(Conflict):
    """The version takes effect so soon that it cannot be taken back."""


class NotReplaced(Conflict):
    """Another version was published meanwhile."""


class VersionNotReady(Conflict):
    """What the version counts anew is not counted yet."""


class MomentInvalid(Invalid):
    """A version takes effect neither at once nor in the far future."""


class WalkTaken(Conflict):
    """Another worker carries the walk on."""


class EnrolmentUnknown(NotFound):
    """There is no such enrolment."""


class EnrolmentEnded(Conflict):
    """The enrolment has begun or ended already."""


class MembersChanged(Conflict):
    """Many more or fewer members stand so by now than were confirmed."""


class StandingUnknown(Invalid):
    """The policy in force has no such stage, health or segment."""


class TextNotEditable(Conflict):
    """The policy's text is written so that only its author can change it."""


class DraftInvalid(Invalid):
    """The policy that is to be tried is none."""


class ReplayUnknown(NotFound):
    """No replay was asked for under that id."""


class ReplayRunning(Conflict):
    """One replay at a time."""


class ReportMissing(Conflict):
    """The replay runs still, or failed."""


class HistoryInvalid(Invalid):
    """A history that is to be imported has a line that is no event."""


class JournalTaken(Conflict):
    """There is a journal already."""


class ReceiptUnknown(NotFound):
    """No receipt has that number, or it was so long ago that it is not kept."""


class QuestionUnknown(NotFound):
    """What is asked about is no stage, health, segment or rule of the policy."""
