from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog

from common.contracts.members import BirthdayTold, ProfileChanged, TimezoneTold
from common.db import Database, UnitOfWork
from members.accounts import service as accounts
from members.adapters.secrecy import Secrecy, new_key, seal, unseal
from members.errors import ProfileInvalid
from members.profiles import repository
from members.profiles.domain import Profile, check_birthday, normal_phone

log = structlog.get_logger(__name__)


async def read(db: Database, secrecy: Secrecy, member_id: UUID) -> tuple[Profile, datetime | None]:
    """A member's profile and when it was last changed; an empty one when nothing was told."""
    await accounts.get_member(db, member_id)
    row = await repository.find(db, member_id)
    if row is None or row["profile"] is None:
        return Profile(), None
    key = secrecy.open_key(row["key"], owner=member_id.bytes)
    return _open(row["profile"], key, member_id), row["updated_at"]


async def change(
    uow: UnitOfWork, secrecy: Secrecy, *, member_id: UUID, changes: dict[str, Any], calling_code: str, today: date
) -> tuple[Profile, datetime | None]:
    """Tells which fields are others now, when any are. Raises ProfileInvalid."""
    await accounts.hold_member(uow, member_id)
    checked = _checked(changes, calling_code=calling_code, today=today)
    row = await repository.lock(uow, member_id, new_key=secrecy.seal_key(new_key(), owner=member_id.bytes))
    if row is None:
        raise RuntimeError("a key that was just locked is not there")
    key = secrecy.open_key(row["key"], owner=member_id.bytes)
    before = _open(row["profile"], key, member_id) if row["profile"] is not None else Profile()
    after = before.changed(checked)
    if after == before:
        return after, row["updated_at"]
    sealed = seal(msgspec.json.encode(after.as_dict()), key, bound_to=b"profile:" + member_id.bytes)
    phone_hash = secrecy.hash_subject("phone", after.phone) if after.phone else None
    await repository.save(uow, member_id=member_id, sealed=sealed, phone_hash=phone_hash, at=uow.now)
    _tell(uow, member_id, before, after)
    return after, uow.now


def _tell(uow: UnitOfWork, member_id: UUID, before: Profile, after: Profile) -> None:
    """Which fields are others; and of these two what they are, since others act by them."""
    uow.append(ProfileChanged(member_id=member_id, fields=before.differences(after)))
    if after.anniversary != before.anniversary:
        uow.append(BirthdayTold(member_id=member_id, birthday=after.anniversary))
    if after.tz != before.tz:
        uow.append(TimezoneTold(member_id=member_id, tz=after.tz or ""))


async def forget(uow: UnitOfWork, member_id: UUID) -> None:
    """Destroy the member's key and what it sealed: copies elsewhere cannot be read any more."""
    await repository.delete(uow, member_id)


async def find_by_phone(db: Database, secrecy: Secrecy, *, phone: str, calling_code: str, asked_by: UUID) -> list[UUID]:
    """At most 20. Who looked is logged, whom they looked for is not. Raises ProfileInvalid."""
    number = _checked({"phone": phone}, calling_code=calling_code, today=date.max)["phone"]
    found = await repository.find_by_phone(db, secrecy.hash_subject("phone", number))
    log.info("members looked up by phone", operator=str(asked_by), found=len(found))
    return found


def _checked(changes: dict[str, Any], *, calling_code: str, today: date) -> dict[str, Any]:
    checked = dict(changes)
    try:
        field = "phone"
        if changes.get(field):
            checked[field] = normal_phone(changes[field], calling_code=calling_code)
        field = "birthday"
        if changes.get(field):
            check_birthday(changes[field], today=today)
    except ValueError as error:
        raise ProfileInvalid(f"{field}: {error}") from None
    return checked


def _open(sealed: bytes, key: bytes, member_id: UUID) -> Profile:
    return msgspec.json.decode(unseal(sealed, key, bound_to=b"profile:" + member_id.bytes), type=Profile)
