"""What members refuse, as facts."""

from common.errors import Conflict, Invalid, NotFound, Unauthenticated


class MemberNotFound(NotFound):
    pass


class MergerInvalid(Invalid):
    """A member cannot be merged into itself."""


class AlreadyMerged(Conflict):
    """One of the two is another member already."""


class NotMerged(Conflict):
    """The member is nobody else."""


class ReferrerUnknown(Invalid):
    pass


class IdentityTaken(Conflict):
    """The identity belongs to another member already."""


class ProviderUnknown(Invalid):
    """There is no such identity provider here."""


class ProofRejected(Unauthenticated):
    """The identity provider does not vouch for this."""


class TemplateNotFound(NotFound):
    pass


class TemplateExists(Conflict):
    """The code is taken."""


class TemplateInvalid(Invalid):
    """The terms contradict one another."""


class TemplateEnded(Conflict):
    """It has ended, for good."""


class SupplyBelowIssued(Conflict):
    """More coupons are issued than the supply that is asked for."""


class OfferNotFound(NotFound):
    """No such coupon is on offer."""


class TemplateInactive(Conflict):
    """No coupons of it are issued now."""


class SupplyExhausted(Conflict):
    """All coupons of the template are issued."""


class MemberLimitReached(Conflict):
    """The member has had as many of the template as one member may."""


class PurposeUnknown(Invalid):
    """Nobody is asked for their consent to it."""


class EntryExists(Conflict):
    """The ledger has an entry for this business already."""


class EntryNotFound(NotFound):
    pass


class EntryNotReversible(Conflict):
    """It is an inverse itself, or it took points away, or it was reversed already."""


class PointsInsufficient(Conflict):
    """The balance would fall below zero."""


class ProfileInvalid(Invalid):
    """The field that is named is not as it should be."""
