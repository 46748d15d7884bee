"""The record of actions: what was asked for, and what was heard of it. Whether to ask is the engine's, from its own slots."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from common.bus.lanes import lane_of
from common.connection import Record
from common.contracts.envelope import Envelope
from common.contracts.event import Event
from common.contracts.lifecycle import Action, ActionRequested
from common.db import Database, UnitOfWork
from lifecycle.actions import repository
from lifecycle.actions.domain import GIVEN_UP, outcome
from lifecycle.actions.repository import Asked, Settled
from lifecycle.actions.withdrawals.domain import Withdrawal, answer_of
from lifecycle.standing.counters import service as counters
from lifecycle.standing.counters.domain import Counter, Place

COUNTER = Counter("action_count", ("rule", "kind", "state"), "actions")
MISSING = frozenset({"unknown_template", "template_inactive", "unknown_channel", "unknown_team", "unknown_endpoint"})
"""Why an action is refused that names what there is not, or not any more: so it will be for everybody."""
LOOKED_AT = 100
"""How many actions of a rule may end after one that is refused so, and it is still seen."""
GateOf = Callable[[UUID], datetime]


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
    withdrawals: Sequence[tuple[Withdrawal, datetime]] = (),
    gate_of: GateOf,
) -> None:
    """`requested`: with the logical time of the trigger; `heard`: events that may tell of an outcome, or of what was taken
    back. An action and its end may be in one batch, so they are written in the order in which they follow.
    """
    moves: Tally[Place] = Tally()
    asked = [_asked(request, at, gate_of(request.member_id)) for request, at in requested]
    if asked:
        await repository.insert(uow, asked)
        moves.update((_lane(each.member_id), each.rule, each.kind, "requested") for each in asked)
    changed: list[Record] = []
    if asked_again:
        changed += await repository.ask_again(uow, {request.action_id for request in asked_again})
    if withdrawals:
        withdrawn = {each.event.action_id: (each.state, gate) for each, gate in withdrawals}
        changed += await repository.withdraw(uow, withdrawn)
    settled = _settled(heard, gate_of)
    if settled:
        changed += await repository.settle(uow, settled)
    moves.update(_moved(changed))
    await counters.move(uow, COUNTER, moves)


async def forget(uow: UnitOfWork, members: Mapping[UUID, datetime]) -> None:
    """Wait for no answer any more, from that gate time on."""
    await counters.move(uow, COUNTER, _moved(await repository.give_up(uow, members, reason=GIVEN_UP)))


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


async def refused_as_missing(db: Database) -> list[tuple[str, Action, str]]:
    """What each rule last asked for in vain, because there is no such thing: (rule, action, reason)."""
    rules = {row["rule"] for row in await repository.counts(db) if row["state"] == "refused"}
    rows = await repository.latest(db, rules, of=LOOKED_AT)
    return [
        (row["rule"], msgspec.convert({**row["detail"], "kind": row["kind"]}, Action), row["reason"])
        for row in rows
        if row["reason"] in MISSING
    ]


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


def _asked(request: ActionRequested, at: datetime, gate: datetime) -> Asked:
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
        requested_at=gate,
    )


def _settled(heard: Iterable[Event], gate_of: GateOf) -> list[Settled]:
    """The first final outcome of each action, for the member it is of, and the last answer to its withdrawal."""
    settled: dict[tuple[UUID, str], Settled] = {}
    for event in heard:
        told, answer, reason = outcome(event), answer_of(event), getattr(event, "reason", None)
        found = told or answer
        if found is not None:
            place, member_id = (found[0], event.subject), UUID(event.subject)
            before = settled.get(place, Settled(found[0], member_id, gate_of(member_id)))
            if told and before.state is None:
                before = replace(before, state=told[1], reason=reason)
            settled[place] = replace(before, answer=answer[1], answer_reason=reason) if answer else before
    return list(settled.values())
