from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PickUp(BaseModel):
    """What the member shows at the pick-up point."""

    model_config = ConfigDict(extra="forbid")
    code: Annotated[str, Field(pattern="^[A-Za-z2-7]{13}$", description="The pick-up code 取貨碼.")]
