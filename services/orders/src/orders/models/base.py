"""What the tables of orders have in common. The log's own tables are in `common.bus.tables`."""

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from common.models import service_metadata

metadata = service_metadata("orders")


class Base(SQLModel, registry=registry(metadata=metadata)):
    pass


def big(**options: Any) -> Any:
    """A BIGINT: money in minor units, or a count."""
    return Field(sa_type=BigInteger, **options)
