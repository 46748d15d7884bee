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


class PlaceholderUnknown(Invalid):
    """The template has no such placeholder."""
