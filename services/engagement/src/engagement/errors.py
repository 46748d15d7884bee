"""What engagement refuses, as facts."""

from common.errors import Conflict, Invalid, NotFound, Unauthenticated


class CommunityNotFound(NotFound):
    pass


class CommunityExists(Conflict):
    """The code is taken."""


class CommunityClosed(Conflict):
    """It takes no new members."""


class ChannelNotFound(NotFound):
    """No messages are taken from such a channel."""


class SignatureInvalid(Unauthenticated):
    """The delivery is not signed with a secret of its channel, or not lately."""


class TemplateNotFound(NotFound):
    pass


class TemplateExists(Conflict):
    """The code is taken."""


class TemplateInvalid(Invalid):
    """Text and placeholders do not fit."""


class MessageNotFound(NotFound):
    pass


class MemberGone(NotFound):
    """The member is erased; nothing is kept of them."""


class TeamNotFound(NotFound):
    pass


class TeamExists(Conflict):
    """The code is taken."""


class TaskNotFound(NotFound):
    pass


class TaskTaken(Conflict):
    """Somebody else has it."""


class TaskOver(Conflict):
    """It is closed already, and otherwise."""


class EndpointNotFound(NotFound):
    pass


class EndpointExists(Conflict):
    """The code is taken."""


class UrlForbidden(Invalid):
    """Webhooks may not go there."""


class DeliveryNotFound(NotFound):
    pass


class DeliveryOver(Conflict):
    """It may not be sent (any more)."""


class TopicUnknown(Invalid):
    """Nobody complains of this here."""


class ComplaintNotFound(NotFound):
    pass


class ComplaintOver(Conflict):
    """It is closed already, and otherwise."""


class TooManyComplaints(Conflict):
    """As many are open as one member may have."""


class PlaceholderUnknown(Invalid):
    """The template has no such placeholder."""
