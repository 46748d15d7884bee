"""The tables of lifecycle. The log's own tables are in `common.bus.tables`."""

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from common.models import service_metadata

metadata = service_metadata("lifecycle")


class Base(SQLModel, registry=registry(metadata=metadata)):
    pass
