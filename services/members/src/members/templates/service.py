from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import new_id
from members.errors import SupplyBelowIssued, TemplateEnded, TemplateExists, TemplateInvalid, TemplateNotFound
from members.templates import repository
from members.templates.domain import DEFAULT_TEMPLATES, Template, faults


async def create(uow: UnitOfWork, fields: Mapping[str, Any], *, currency: str) -> Record:
    _check(fields)
    if not await repository.insert(
        uow, template_id=new_id(), at=uow.now, fields={**fields, "currency": currency, "state": "active"}
    ):
        raise TemplateExists(f"code: there is a template {fields['code']!r} already")
    return await get(uow, fields["code"])


async def change(uow: UnitOfWork, code: str, changes: Mapping[str, Any]) -> Record:
    """Coupons that were issued keep the terms they were issued with."""
    locked = await repository.lock(uow, [code])
    if not locked:
        raise TemplateNotFound(f"there is no template {code!r}")
    fields = {**dict(locked[0]), **changes}
    _check(fields)
    if not await repository.update(uow, code=code, at=uow.now, fields=fields):
        if locked[0]["state"] == "ended":
            raise TemplateEnded(f"template {code!r} has ended for good; make a new one")
        raise SupplyBelowIssued(f"supply: {locked[0]['issued']} of {code!r} are issued already")
    return await get(uow, code)


async def get(reader: Database | UnitOfWork, code: str) -> Record:
    row = await repository.find(reader, code)
    if row is None:
        raise TemplateNotFound(f"there is no template {code!r}")
    return row


async def list_all(db: Database, *, after: UUID | None, limit: int) -> list[Record]:
    return await repository.list_all(db, after=after, limit=limit)


async def list_offers(db: Database, *, now: datetime, after: UUID | None, limit: int) -> list[Record]:
    """What a member may take by themselves now."""
    return await repository.list_offers(db, now=now, after=after, limit=limit)


async def lock(uow: UnitOfWork, codes: Collection[str]) -> dict[str, Template]:
    """Those of the codes that exist; whoever else issues of them waits until this unit of work ends."""
    rows = await repository.lock(uow, codes)
    return {row["code"]: Template(**{name: row[name] for name in Template.__dataclass_fields__}) for row in rows}


async def take_supply(uow: UnitOfWork, taken: Mapping[str, int]) -> None:
    """Count coupons as issued. The templates are locked and were found to have that many left."""
    if await repository.take_supply(uow, sorted(taken.items())) != len(taken):
        raise RuntimeError(f"more was allotted than the supply of {', '.join(taken)}")


async def give_back_supply(uow: UnitOfWork, given: Mapping[str, int]) -> None:
    """Count coupons as issued no more: they were taken back, and others may have them."""
    await lock(uow, given)
    await repository.give_back_supply(uow, sorted(given.items()))


async def seed(db: Database, *, currency: str) -> None:
    """Make the templates that the default policy names, those that are missing."""
    async with db.transaction() as uow:
        for template in DEFAULT_TEMPLATES:
            fields = {**template.fields(currency), "currency": currency, "state": "active"}
            await repository.insert(uow, template_id=new_id(), at=uow.now, fields=fields)


def _check(fields: Mapping[str, Any]) -> None:
    found = faults(**{name: fields[name] for name in ("valid_days", "starts_at", "ends_at")})
    if found:
        raise TemplateInvalid("; ".join(found))
