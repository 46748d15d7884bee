from collections.abc import Collection

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import new_id
from engagement.templates import repository
from engagement.templates.domain import DEFAULT_TEMPLATES, Template


async def active(uow: UnitOfWork, codes: Collection[str]) -> dict[str, Template]:
    """Those of the codes that messages can be sent of."""
    return {row["code"]: _template(row) for row in await repository.find_active(uow, codes)}


async def seed(db: Database) -> None:
    """Make the templates that the default policy names, those that are missing."""
    async with db.transaction() as uow:
        for template in DEFAULT_TEMPLATES:
            fields = {name: getattr(template, name) for name in Template.__dataclass_fields__}
            await repository.insert(uow, template_id=new_id(), at=uow.now, fields=fields)


def _template(row: Record) -> Template:
    return Template(**{name: row[name] for name in Template.__dataclass_fields__})
