"""The record of actions: what was asked for, and what was heard of it. Whether to ask is the engine's, from its own slots."""

from collections import Counter as Tally
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from common.bus.lanes import lane_of
from common.connection import Record
from common.contracts.envelope import Envelope
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested
from common.db import Database, UnitOfWork
from lifecycle.actions import repository
from lifecycle.actions.domain import outcome
from lifecycle.actions.repository import Asked, Settled
from lifecycle.counters import service as counters
from lifecycle.counters.domain import Counter, Place
from lifecycle.withdrawals.domain import Withdrawal, answer_of

COUNTER = Counter("action_count", ("rule", "kind", "state"), "actions")


def tell(uow: UnitOfWork, request: ActionRequested, *, ask: int, depth: int, cause: Envelope | None) -> None:
    """Ask for it, for the `ask`th time. The id of the asking follows from the action: a crash asks no second time."""
    uow.append(request, cause=cause, event_id=uuid5(request.action_id, f"ask {ask}"), depth=depth)


def tell_withdrawn(uow: UnitOfWork, withdrawal: Withdrawal, *, cause: Envelope | None) -> None:
    """Ask for it to be taken back."""
    event_id = uuid5(withdrawal.event.action_id, f"withdraw {withdrawal.ask}")
    uow.append(withdrawal.event, cause=cause, event_id=event_id, depth=withdrawal.depth)


async def record(
    uow: UnitOfWork,
    *,
    requested: Sequence[tuple[ActionRequested, datetime]],
    heard: Iterable[Event],
    asked_again: Sequence[ActionRequested],
    withdrawals: Sequence[Withdrawal] = (),
) -> None:
    """`requested`: with the logical time of the trigger; `heard`: events that may tell of an outcome, or of what was taken
    back. An action and its end may be in one batch, so they are written in the order in which they follow.
    """
    moves: Tally[Place] = Tally()
    asked = [_asked(request, at) for request, at in requested]
    if asked:
        await repository.insert(uow, asked, at=uow.now)
        moves.update((_lane(each.member_id), each.rule, each.kind, "requested") for each in asked)
    changed: list[Record] = []
    if asked_again:
        changed += await repository.ask_again(uow, {request.action_id for request in asked_again})
    if withdrawals:
        states = {withdrawal.event.action_id: withdrawal.state for withdrawal in withdrawals}
        changed += await repository.withdraw(uow, states, at=uow.now)
    settled = _settled(heard)
    if settled:
        changed += await repository.settle(uow, settled, at=uow.now)
    moves.update(_moved(changed))
    await counters.move(uow, COUNTER, moves)


async def forget(uow: UnitOfWork, members: Collection[UUID]) -> None:
    """Wait for no answer any more."""
    await counters.move(uow, COUNTER, _moved(await repository.give_up(uow, members, reason="member_erased")))


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


async def counts(db: Database) -> list[Record]:
    """(rule, kind, state, actions), where there are any."""
    return await repository.counts(db)


def _moved(changed: Iterable[Record]) -> Tally[Place]:
    moves: Tally[Place] = Tally()
    for row in changed:
        lane = _lane(row["member_id"])
        moves[lane, row["rule"], row["kind"], row["previous"]] -= 1
        moves[lane, row["rule"], row["kind"], row["state"]] += 1
    return moves


def _lane(member_id: UUID) -> int:
    """Of whom it was decided for, also where another stands for them now: that one's lane counts here, too."""
    return lane_of(str(member_id))


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


def _settled(heard: Iterable[Event]) -> list[Settled]:
    """The first final outcome of each action, for the member it is of, and the last answer to its withdrawal."""
    settled: dict[tuple[UUID, str], Settled] = {}
    for event in heard:
        told, answer = outcome(event), answer_of(event)
        found = told or answer
        if found is not None:
            place = found[0], event.subject
            before = settled.get(place, Settled(found[0], UUID(event.subject)))
            settled[place] = replace(
                before,
                state=before.state or (told[1] if told else None),
                answer=answer[1] if answer else before.answer,
                reason=before.reason or getattr(event, "reason", None),
            )
    return list(settled.values())
