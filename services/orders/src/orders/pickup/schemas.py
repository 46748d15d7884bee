from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from orders.catalogue.schemas import ItemCode, Name

Address = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class NewPickupPoint(BaseModel):
    """A place where orders are handed over 自提點."""

    model_config = ConfigDict(extra="forbid")
    code: ItemCode
    name: Name
    address: Address = ""


class PickupPointChange(BaseModel):
    """What to change of a pick-up point; what is not named stays."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    address: Address | None = None
    active: StrictBool | None = Field(None, description="Whether it takes orders.")


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
