"""What orders refuse, as facts."""

from common.errors import Conflict, Invalid, NotFound


class ProductNotFound(NotFound):
    pass


class SkuNotFound(NotFound):
    pass


class PickupPointNotFound(NotFound):
    pass


class CampaignNotFound(NotFound):
    pass


class OrderNotFound(NotFound):
    pass


class CodeTaken(Conflict):
    """Another thing of this kind has the code."""


class SkuUnknown(Invalid):
    """A line names a SKU that is not sold here."""


class PickupPointUnknown(Invalid):
    """The order names a pick-up point that takes no orders."""


class CampaignUnknown(Invalid):
    """The order names a campaign that is not there."""


class CampaignNotOpen(Conflict):
    """The campaign's window is not open."""


class CampaignStarted(Conflict):
    """What buyers may have seen does not change any more."""


class SkuNotInCampaign(Invalid):
    """A line names a SKU that the campaign does not sell."""


class OrderTooLarge(Invalid):
    """It costs more than an order may."""


class OutOfStock(Conflict):
    """Fewer units are left than a line asks for."""


class CampaignCapReached(Conflict):
    """The campaign sells no more of a SKU."""


class CouponUnknown(Invalid):
    """The member has no such coupon."""


class CouponNotApplicable(Conflict):
    """The coupon cannot be spent on this order, or not any more."""


class OrderPriceChanged(Conflict):
    """The order costs another amount than the one agreed to; the new quote is in `current`."""


class ReferenceTaken(Conflict):
    """The reference belongs to an order of another member or amount."""


class ReferenceJustTaken(Conflict):
    """An order was placed under the reference since it was looked for: looking again finds it."""


class PayDeadlinePassed(Conflict):
    pass


class OrderNotPayable(Conflict):
    """It is not waiting for payment."""


class PaymentProviderUnknown(Invalid):
    """There is no such payment provider here."""


class CallbackRejected(Invalid):
    """Not a callback of the payment provider."""


class PaymentUnsettled(Conflict):
    """A payment has been begun, and its provider cannot say yet what became of it."""


class OrderNotCancellable(Conflict):
    pass


class PickupCodeUnknown(NotFound):
    """No order waits at this point under this code."""


class OrderNotReady(Conflict):
    """The order cannot be handed over now."""


class OrderNotRefundable(Conflict):
    pass


class RefundTooLarge(Conflict):
    """More units than are left of the line."""


class RefundNotFound(NotFound):
    pass


class ImportInconsistent(Invalid):
    """The import contradicts itself."""


class ClerkNotFound(NotFound):
    pass


class CampaignEmpty(Conflict):
    """It sells nothing."""


class CapBelowPromised(Conflict):
    """Orders hold or have bought more than the new cap allows."""


class WindowInvalid(Invalid):
    """A window that ends before it begins, or is over already."""


class LineUnknown(Invalid):
    """It names a line that the order does not have."""


class RefundNotFailed(Conflict):
    """Only a refund that the provider refused is asked for again."""
