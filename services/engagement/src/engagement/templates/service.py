from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import new_id
from engagement.errors import TemplateExists, TemplateInvalid, TemplateNotFound
from engagement.templates import repository
from engagement.templates.domain import DEFAULT_TEMPLATES, Template, faults


async def create(uow: UnitOfWork, fields: Mapping[str, Any]) -> Record:
    _check(fields)
    if not await repository.insert(uow, template_id=new_id(), at=uow.now, fields=fields):
        raise TemplateExists(f"code: there is a template {fields['code']!r} already")
    return await get(uow, fields["code"])


async def change(uow: UnitOfWork, code: str, changes: Mapping[str, Any]) -> Record:
    """Messages that were sent stay as they were."""
    locked = await repository.lock(uow, code)
    if locked is None:
        raise TemplateNotFound(f"there is no template {code!r}")
    fields = {**dict(locked), **changes}
    _check(fields)
    await repository.update(uow, code=code, at=uow.now, fields=fields)
    return await get(uow, code)


async def get(reader: Database | UnitOfWork, code: str) -> Record:
    row = await repository.find(reader, code)
    if row is None:
        raise TemplateNotFound(f"there is no template {code!r}")
    return row


async def list_all(db: Database, *, after: UUID | None, limit: int) -> list[Record]:
    return await repository.list_all(db, after=after, limit=limit)


async def active(uow: UnitOfWork, codes: Collection[str]) -> dict[str, Template]:
    """Those of the codes that messages can be sent of."""
    return {row["code"]: _template(dict(row)) for row in await repository.find_active(uow, codes)}


async def seed(db: Database) -> None:
    """Make the templates that the default policy names, those that are missing."""
    async with db.transaction() as uow:
        for template in DEFAULT_TEMPLATES:
            fields = {name: getattr(template, name) for name in Template.__dataclass_fields__}
            await repository.insert(uow, template_id=new_id(), at=uow.now, fields=fields)


def _check(fields: Mapping[str, Any]) -> None:
    if found := faults(_template(fields)):
        raise TemplateInvalid("; ".join(found))


def _template(fields: Mapping[str, Any]) -> Template:
    return Template(**{name: fields[name] for name in Template.__dataclass_fields__})
