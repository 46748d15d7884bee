"""What lifecycle refuses, as facts."""

from common.errors import Invalid, NotFound


class MemberUnknown(NotFound):
    """No event of that member has been read."""


class RangeInvalid(Invalid):
    """The days asked for are none, or too many."""


class VersionUnknown(NotFound):
    """No version of the policy has that number."""


class ReceiptUnknown(NotFound):
    """No receipt has that number, or it was so long ago that it is not kept."""


class QuestionUnknown(NotFound):
    """What is asked about is no stage, health, segment or rule of the policy."""
