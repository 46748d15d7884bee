from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from common.connection import Record
from common.db import Database, UnitOfWork
from common.ids import new_id
from engagement.errors import EndpointExists, EndpointNotFound, UrlForbidden
from engagement.webhooks import repository
from engagement.webhooks.domain import Egress, secret_of, signing_numbers


@dataclass(frozen=True, slots=True)
class Target:
    """Where to deliver, and the secrets that sign it, the present one first."""

    url: str
    secrets: Sequence[str] = field(repr=False)


async def create(uow: UnitOfWork, *, code: str, url: str, egress: Egress) -> Record:
    """Raises UrlForbidden or EndpointExists."""
    _check(url, egress)
    if not await repository.insert(uow, endpoint_id=new_id(), code=code, url=url):
        raise EndpointExists(f"code: there is an endpoint {code!r} already")
    return await get(uow, code)


async def change(
    uow: UnitOfWork, code: str, *, egress: Egress, url: str | None = None, state: str | None = None
) -> Record:
    """Raises UrlForbidden or EndpointNotFound."""
    if url is not None:
        _check(url, egress)
    await repository.update(uow, code=code, url=url, state=state)
    return await get(uow, code)


async def rotate(uow: UnitOfWork, code: str) -> Record:
    """A new secret from now on; the one before signs, too, for a day, one before that no more. Raises EndpointNotFound."""
    await repository.rotate(uow, code)
    return await get(uow, code)


async def get(reader: Database | UnitOfWork, code: str) -> Record:
    """Raises EndpointNotFound."""
    row = await repository.find(reader, code)
    if row is None:
        raise EndpointNotFound(f"there is no endpoint {code!r}")
    return row


async def list_all(db: Database, *, after: UUID | None, limit: int) -> list[Record]:
    return await repository.list_all(db, after=after, limit=limit)


async def targets(uow: UnitOfWork, codes: Collection[str]) -> dict[str, Target]:
    """Those of the codes that something can be delivered to."""
    master: bytes = uow.resources.outgoing_secret
    return {
        code: Target(
            row["url"],
            [
                secret_of(master, row["id"], number)
                for number in signing_numbers(row["secret_number"], rotated_at=row["rotated_at"], now=uow.now)
            ],
        )
        for code, row in (await repository.find_active(uow, codes)).items()
    }


async def disable(uow: UnitOfWork, code: str) -> None:
    """It has said that it is gone."""
    await repository.update(uow, code=code, url=None, state="disabled")


def _check(url: str, egress: Egress) -> None:
    if found := egress.fault(url):
        raise UrlForbidden(f"url: {found}")
