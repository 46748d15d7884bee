"""What members refuse, as facts."""

from common.errors import Conflict, Invalid, NotFound, Unauthenticated


class MemberNotFound(NotFound):
    pass


class ReferrerUnknown(Invalid):
    pass


class IdentityTaken(Conflict):
    """The identity belongs to another member already."""


class ProviderUnknown(Invalid):
    """There is no such identity provider here."""


class ProofRejected(Unauthenticated):
    """The identity provider does not vouch for this."""
