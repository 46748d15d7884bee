"""What is sold, when, and where it is handed over."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from common.models import Moment
from orders.models.base import Base, big


class Product(Base, table=True):
    """A product 商品: what its SKUs have in common."""

    __tablename__ = "product"
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    description: str = ""
    created_at: datetime = Field(sa_type=Moment)


class Sku(Base, table=True):
    """A unit that can be bought. `supplied` units came in, `reserved` are held by unpaid orders, `sold` are paid for; the
    rest is the stock 庫存. `supplied` null: stock is not tracked.
    """

    __tablename__ = "sku"
    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint("reserved >= 0 AND sold >= 0 AND reserved + sold <= supplied", name="stock"),
    )
    id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="orders.product.id", index=True)
    code: str = Field(unique=True)
    name: str
    price_minor: int = big()
    supplied: int | None = big(default=None)
    reserved: int = big(default=0)
    sold: int = big(default=0)
    active: bool
    created_at: datetime = Field(sa_type=Moment)


class PickupPoint(Base, table=True):
    """A pick-up point 自提點."""

    __tablename__ = "pickup_point"
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    address: str = ""
    active: bool
    created_at: datetime = Field(sa_type=Moment)


class PickupClerk(Base, table=True):
    """A clerk 店員 may hand over orders at this point."""

    __tablename__ = "pickup_clerk"
    point_id: UUID = Field(primary_key=True, foreign_key="orders.pickup_point.id")
    member_id: UUID = Field(primary_key=True, index=True)
    assigned_at: datetime = Field(sa_type=Moment)


class Campaign(Base, table=True):
    """A group-buying campaign 團購活動: one window 團期, its goods at its prices."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'published', 'cancelled')", name="status"),
        CheckConstraint("opens_at < closes_at", name="window"),
        Index(None, "closes_at"),
    )
    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    status: str
    opens_at: datetime = Field(sa_type=Moment)
    closes_at: datetime = Field(sa_type=Moment)
    coupons_allowed: bool
    created_at: datetime = Field(sa_type=Moment)


class CampaignSku(Base, table=True):
    """What a campaign sells: at which price, and how many at most (`cap` null: as many as there are)."""

    __tablename__ = "campaign_sku"
    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint("reserved >= 0 AND sold >= 0 AND reserved + sold <= cap", name="cap"),
    )
    campaign_id: UUID = Field(primary_key=True, foreign_key="orders.campaign.id")
    sku_id: UUID = Field(primary_key=True, foreign_key="orders.sku.id", index=True)
    price_minor: int = big()
    cap: int | None = big(default=None)
    reserved: int = big(default=0)
    sold: int = big(default=0)
