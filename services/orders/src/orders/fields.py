"""The types that request bodies are made of: bounded, so that the database takes whatever passes them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from common.http.fields import Text

LARGEST_MINOR = 10**12
LARGEST_QUANTITY = 10_000
MOST_LINES = 100


class Body(BaseModel):
    """A request body: what it does not name is refused."""

    model_config = ConfigDict(extra="forbid")


Name = Annotated[Text, Field(max_length=200)]
Remark = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
"""Free text that may be empty."""
ItemCode = Annotated[
    str,
    StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"),
    Field(description="What it is called in the business: short, unique among its kind.", examples=["A-1"]),
]
Amount = Annotated[
    int, Field(strict=True, ge=0, le=LARGEST_MINOR, description="Money in minor units (分).", examples=[1990])
]
Count = Annotated[int, Field(strict=True, ge=0, le=LARGEST_MINOR)]
Quantity = Annotated[int, Field(strict=True, ge=1, le=LARGEST_QUANTITY, examples=[1])]
