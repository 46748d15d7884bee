from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from orders.fields import Body, ItemCode, Name

Address = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class NewPickupPoint(Body):
    """A place where orders are handed over 自提點."""

    code: ItemCode
    name: Name
    address: Address = ""


class PickupPointChange(Body):
    """What to change of a pick-up point; what is not named stays."""

    name: Name | None = None
    address: Address | None = None
    active: Annotated[bool, Field(strict=True, description="Whether it takes orders.")] | None = None


class PickupPointView(BaseModel):
    """A place where orders are handed over 自提點."""

    id: UUID
    code: str
    name: str
    address: str
    active: bool


class ClerkView(BaseModel):
    """A clerk 店員 who may hand over orders at a point."""

    point_id: UUID
    member_id: UUID
    assigned_at: datetime
