"""A review 審查 of a policy before it is published, with what is known of the shop."""

import asyncio

from common.db import Database
from lifecycle.actions import service as actions
from lifecycle.authoring.domain import Authored, author, numbers_of
from lifecycle.errors import PolicyInvalid
from lifecycle.inspections.circumstances.domain import NOTHING_KNOWN, Circumstances, Refusal
from lifecycle.inspections.domain import inspect
from lifecycle.policy.differences.domain import Difference, differences
from lifecycle.policy.domain import Policy
from lifecycle.standing import service as standing
from lifecycle.standing.segments import service as segments
from lifecycle.text.documents.domain import read_document
from lifecycle.text.faults.domain import Fault
from lifecycle.text.places.domain import places


async def review(text: str, *, tz: str, told: Circumstances = NOTHING_KNOWN) -> tuple[Authored, tuple[Fault, ...]]:
    """The policy, and what is found of it; when it is none, what is wrong with it. In a thread: a large one takes seconds."""
    return await asyncio.to_thread(_review, text, tz, told)


async def faults_of(text: str, *, tz: str) -> tuple[Fault, ...]:
    """Everything that is wrong with it, when it is no policy. In a thread, as above."""
    return (await asyncio.to_thread(author, text, tz=tz)).faults


async def changed(before: Policy, text: str, *, tz: str) -> list[Difference]:
    """What a text changes. Raises PolicyInvalid."""
    authored = await asyncio.to_thread(author, text, tz=tz, numbers=numbers_of(before))
    if authored.policy is None:
        raise PolicyInvalid(authored.faults)
    return list(differences(before, authored.policy))


async def members_today(db: Database) -> dict[str, int]:
    """How many stand in each stage, health and segment."""
    found: dict[str, int] = {}
    for count in await standing.counts(db):
        for value in (count.stage, count.health):
            found[value] = found.get(value, 0) + count.members
    return found | await segments.counts(db)


async def refusals(db: Database) -> tuple[Refusal, ...]:
    """What rules last asked for in vain, because there is no such thing any more."""
    found = await actions.refused_as_missing(db)
    return tuple(Refusal(rule=rule, action=action, reason=reason) for rule, action, reason in found)


def _review(text: str, tz: str, told: Circumstances) -> tuple[Authored, tuple[Fault, ...]]:
    authored = author(text, tz=tz)
    if authored.policy is None:
        return authored, authored.faults
    node, _ = read_document(text)
    return authored, inspect(authored.policy, told, places=places(node) if node else {})
