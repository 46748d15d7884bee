"""The versions in force, read again whenever the record of changes has grown."""

import dataclasses
from collections.abc import Iterable
from datetime import datetime

from common.connection import Record
from common.db import Database, UnitOfWork
from lifecycle.authoring.domain import Numbers, author
from lifecycle.engine.domain import Engine, compiled
from lifecycle.errors import VersionUnknown
from lifecycle.policy.domain import Policy
from lifecycle.publishing.changes import service as changes
from lifecycle.publishing.changes.domain import Change, in_force
from lifecycle.publishing.versions import repository
from lifecycle.publishing.versions.domain import ALWAYS, Version, Versions

Reader = Database | UnitOfWork


async def install(db: Database, *, text: str, tz: str) -> None:
    """Begin with this policy, unless there is one."""
    async with db.transaction() as uow:
        await changes.begin(uow)
        if await repository.revision(uow) == 0:
            authored = author(text, tz=tz)
            if authored.policy is None:
                raise ValueError(f"the policy to begin with: {authored.faults[0]}")
            number = await store(uow, authored.policy, text=text, tz=tz)
            await changes.record(uow, "prepared", version=number)
            await changes.record(uow, "published", version=number, effective_at=ALWAYS)


async def store(uow: UnitOfWork, policy: Policy, *, text: str, tz: str) -> int:
    """Keep a version of it for good; its number."""
    metrics = {metric.name: metric.number for metric in policy.metrics}
    attributes = {source.name: source.number for source in policy.attributes}
    return await repository.insert(uow, text=text, tz=tz, metrics=metrics, attributes=attributes)


async def numbers_given(reader: Reader) -> tuple[int, int]:
    """The greatest number that any metric and any attribute ever had."""
    rows = await repository.numbers_given(reader)
    return (
        max((number for row in rows for number in row["metrics"].values()), default=0),
        max((number for row in rows for number in row["attributes"].values()), default=0),
    )


async def find_text(reader: Reader, number: int) -> Record:
    """A version as it was written: text and zone, and the numbers that it was given. Raises VersionUnknown."""
    row = await repository.find(reader, number)
    if row is None:
        raise VersionUnknown(f"there is no version {number} of the policy")
    return row


async def find(reader: Reader, number: int) -> tuple[str, Policy]:
    """A version's text and policy. Raises VersionUnknown."""
    row = await find_text(reader, number)
    numbers = Numbers(metrics=row["metrics"], attributes=row["attributes"])
    authored = author(row["text"], tz=row["tz"], numbers=numbers)
    if authored.policy is None:
        raise ValueError(f"version {number} of the policy cannot be read any more: {authored.faults[0]}")
    return row["text"], authored.policy


class VersionCache:
    """The versions as this process has read them."""

    def __init__(self) -> None:
        self._engines: dict[int, Engine] = {}
        self._latest: Versions | None = None

    async def now(self, reader: Reader) -> Versions:
        return await self.at(reader, await repository.revision(reader))

    async def engine_at(self, reader: Reader, moment: datetime) -> Engine:
        """Of the version that is in force at a moment, as far as is known now."""
        return (await self.now(reader)).at(moment).engine

    async def at(self, reader: Reader, revision: int) -> Versions:
        """What was in force at a revision; at the latest, without asking again."""
        if self._latest is not None and self._latest.revision == revision:
            return self._latest
        versions = await self._read(reader, revision)
        if self._latest is None or revision > self._latest.revision:
            self._latest = versions
        return versions

    async def _read(self, reader: Reader, revision: int) -> Versions:
        made = await changes.read(reader, up_to=revision)
        state = in_force(made)
        for number, _ in state.published:
            await self._engine(reader, number)
        prepared = [await self._engine(reader, number) for number in state.prepared]
        return Versions(
            published=tuple(
                Version(engine=dataclasses.replace(self._engines[number], paused=state.paused), effective_at=moment)
                for number, moment in state.published
            ),
            prepared=tuple(prepared),
            since=since(made, self._engines),
            revision=revision,
        )

    async def _engine(self, reader: Reader, number: int) -> Engine:
        if number not in self._engines:
            _, policy = await find(reader, number)
            self._engines[number] = compiled(policy, version=number)
        return self._engines[number]


def since(made: Iterable[Change], engines: dict[int, Engine]) -> dict[int, int]:
    """Place in the facts → the revision from which on it was counted as events came."""
    found: dict[int, int] = {}
    for change in made:
        if change.kind == "prepared" and change.version in engines:
            for place in engines[change.version].numbers.values():
                found.setdefault(place, change.revision)
    return found
