"""The record of actions: what was asked for, and what was heard of it. Whether to ask is the engine's, from its own slots."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from common.connection import Record
from common.contracts.envelope import Envelope
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested
from common.db import Database, UnitOfWork
from lifecycle.actions import repository
from lifecycle.actions.domain import outcome
from lifecycle.actions.repository import Asked

LaneOf = Callable[[UUID], int]


def tell(uow: UnitOfWork, request: ActionRequested, *, ask: int, cause: Envelope | None) -> None:
    """Ask for it, for the `ask`th time. The id of the asking follows from the action: a crash asks no second time."""
    uow.append(request, cause=cause, event_id=uuid5(request.action_id, f"ask {ask}"))


async def record(
    uow: UnitOfWork,
    *,
    requested: Sequence[tuple[ActionRequested, datetime]],
    heard: Iterable[Event],
    asked_again: Sequence[ActionRequested],
    lane_of: LaneOf,
) -> None:
    """`requested`: with the logical time of the trigger; `heard`: events that may tell of an outcome."""
    moves: Counter[tuple[int, str, str, str]] = Counter()
    asked = [_asked(request, at) for request, at in requested]
    if asked:
        await repository.insert(uow, asked, at=uow.now)
        moves.update((lane_of(each.member_id), each.rule, each.kind, "requested") for each in asked)
    changed: list[Record] = []
    settled = _settled(heard)
    if settled:
        changed += await repository.settle(uow, settled, at=uow.now)
    if asked_again:
        changed += await repository.ask_again(uow, {request.action_id for request in asked_again})
    for row in changed:
        lane = lane_of(row["member_id"])
        moves[lane, row["rule"], row["kind"], row["previous"]] -= 1
        moves[lane, row["rule"], row["kind"], row["state"]] += 1
    differences = {place: count for place, count in moves.items() if count}
    if differences:
        await repository.count_up(uow, differences)


async def list_actions(
    db: Database,
    *,
    member_id: UUID | None = None,
    rule: str | None = None,
    state: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int = 0,
    limit: int,
) -> list[Record]:
    """Newest first; `before`: the number of the last one seen."""
    return await repository.list_actions(
        db, member_id=member_id, rule=rule, state=state, since=since, until=until, before=before, limit=limit
    )


async def until(db: Database, member_id: UUID, *, moment: datetime | None, before: int, limit: int) -> list[Record]:
    """A member's, the latest first, of those first asked for before (moment, number); None: from the last on."""
    return await repository.until(db, member_id, moment=moment, before=before, limit=limit)


async def counts(db: Database) -> list[Record]:
    """(rule, kind, state, actions), where there are any."""
    return await repository.counts(db)


def _asked(request: ActionRequested, at: datetime) -> Asked:
    detail = msgspec.to_builtins(request.action)
    kind = detail.pop("kind")
    return Asked(
        action_id=request.action_id,
        member_id=request.member_id,
        rule=request.rule,
        key=request.key,
        attempt=request.attempt,
        kind=kind,
        detail=msgspec.json.encode(detail).decode(),
        at=at,
        valid_until=request.valid_until,
    )


def _settled(heard: Iterable[Event]) -> list[tuple[UUID, UUID, str, str | None]]:
    """The first final outcome of each action, for the member it is of."""
    settled: dict[tuple[UUID, str], tuple[UUID, UUID, str, str | None]] = {}
    for event in heard:
        told = outcome(event)
        if told is not None:
            action_id, state = told
            end = action_id, UUID(event.subject), state, getattr(event, "reason", None)
            settled.setdefault((action_id, event.subject), end)
    return list(settled.values())
