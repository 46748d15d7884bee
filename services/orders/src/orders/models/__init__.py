from orders.models.base import metadata
from orders.models.goods import Campaign, CampaignSku, PickupClerk, PickupPoint, Product, Sku
from orders.models.money import Payment, PaymentCallback, PaymentException, Refund, RefundLine
from orders.models.ordering import Coupon, Order, OrderAdjustment, OrderLine, OrderTransition

__all__ = [
    "Campaign",
    "CampaignSku",
    "Coupon",
    "Order",
    "OrderAdjustment",
    "OrderLine",
    "OrderTransition",
    "Payment",
    "PaymentCallback",
    "PaymentException",
    "PickupClerk",
    "PickupPoint",
    "Product",
    "Refund",
    "RefundLine",
    "Sku",
    "metadata",
]
