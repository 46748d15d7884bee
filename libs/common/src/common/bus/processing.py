"""From rows of the log to effects, in one transaction: the same for every transport.

First everything is tried as one piece. Only when that fails on something an event itself is to blame for, the batch is done
again by halves, each inside a savepoint, until the culprits stand alone; they are set aside and the rest goes through.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any

from common.bus import dead_letters
from common.bus.dead_letters import Reason, SetAside
from common.bus.poison import is_poison
from common.bus.records import Handler, Handlers, LogRow, Received
from common.contracts.envelope import EnvelopeError, UnknownType, decode
from common.contracts.topics import generation_started_type
from common.db import UnitOfWork

MAXIMUM_POISON = 16
"""More poison than this in one batch is a fault of ours or of the producer, not of events: the partition stops."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""An event appended further ahead of our clock is quarantined: one wrong clock must not move every member."""


class TooMuchPoison(Exception):
    """The batch was rolled back; nothing was set aside."""


@dataclass
class Outcome:
    """What became of a batch."""

    handled: int = 0
    set_aside: list[SetAside] = field(default_factory=list)


async def process(
    uow: UnitOfWork, rows: Sequence[LogRow], *, handlers: Handlers, group: str, bisect: bool, letters_open: bool
) -> Outcome:
    """Carry out the effects of rows in log order and set aside what cannot be.

    With `bisect` False any poison escapes as the error it is (see `poison`): roll back and come again with True.
    `letters_open` says whether the group has open dead letters, so that the usual batch need not ask per key.
    """
    outcome = Outcome()
    received = _decode(uow, rows, handlers, outcome)
    if handlers.ordered and (letters_open or outcome.set_aside):
        received = await _park_followers(uow, received, group, outcome)
    runs = [(handler, list(run)) for handler, run in groupby(received, key=lambda item: _handler(handlers, item))]
    poisoned: set[str] = set()
    for handler, run in runs:
        if not bisect:
            await handler(uow, run)
            outcome.handled += len(run)
        else:
            await _bisect(uow, handler, run, handlers, outcome, poisoned)
    await dead_letters.set_aside(uow, group=group, letters=outcome.set_aside)
    return outcome


def _handler(handlers: Handlers, received: Received[Any]) -> Handler:
    return handlers.table[type(received.event)]


def _decode(uow: UnitOfWork, rows: Sequence[LogRow], handlers: Handlers, outcome: Outcome) -> list[Received[Any]]:
    received: list[Received[Any]] = []
    for row in rows:
        if row.type == generation_started_type(row.producer):
            continue  # the log's own; it comes to every partition, and must not be set aside by each
        if row.appended_at > uow.now + CLOCK_TOLERANCE:
            ahead = row.appended_at - uow.now
            outcome.set_aside.append(SetAside(row, Reason.FUTURE, f"appended {ahead} ahead of this service's clock"))
            continue
        try:
            envelope, event = decode(row.envelope)
        except UnknownType as error:
            outcome.set_aside.append(SetAside(row, Reason.UNKNOWN_TYPE, str(error)))
        except EnvelopeError as error:
            outcome.set_aside.append(SetAside(row, Reason.UNDECODABLE, str(error)))
        else:
            if type(event) in handlers.table:
                received.append(Received(event, envelope, row))
    return received


async def _park_followers(
    uow: UnitOfWork, received: Sequence[Received[Any]], group: str, outcome: Outcome
) -> list[Received[Any]]:
    """Set aside the events that follow, on their key, one that waits; return the others."""
    blocked_from = {letter.row.key: letter.row.position for letter in reversed(outcome.set_aside)}
    waiting = await dead_letters.open_keys(uow, group=group, keys=[item.row.key for item in received])
    free: list[Received[Any]] = []
    for item in received:
        first = blocked_from.get(item.row.key)
        if item.row.key in waiting or (first is not None and first < item.row.position):
            outcome.set_aside.append(_behind(item.row))
        else:
            free.append(item)
    return free


def _behind(row: LogRow) -> SetAside:
    return SetAside(row, Reason.BEHIND, "an earlier event of this key waits as a dead letter")


async def _bisect(
    uow: UnitOfWork,
    handler: Handler,
    run: list[Received[Any]],
    handlers: Handlers,
    outcome: Outcome,
    poisoned: set[str],
) -> None:
    if handlers.ordered:
        outcome.set_aside += [_behind(item.row) for item in run if item.row.key in poisoned]
        run = [item for item in run if item.row.key not in poisoned]
    if not run:
        return
    try:
        async with uow.savepoint():
            await handler(uow, run)
    except Exception as error:
        if not is_poison(error):
            raise
        if len(run) == 1:
            _condemn(run[0], error, outcome, poisoned)
            return
        middle = len(run) // 2
        await _bisect(uow, handler, run[:middle], handlers, outcome, poisoned)
        await _bisect(uow, handler, run[middle:], handlers, outcome, poisoned)
    else:
        outcome.handled += len(run)


def _condemn(item: Received[Any], error: Exception, outcome: Outcome, poisoned: set[str]) -> None:
    poisoned.add(item.row.key)
    outcome.set_aside.append(SetAside(item.row, Reason.POISON, f"{type(error).__name__}: {error}"))
    if sum(letter.reason is Reason.POISON for letter in outcome.set_aside) > MAXIMUM_POISON:
        raise TooMuchPoison(f"more than {MAXIMUM_POISON} events of one batch failed; the last: {error}") from error
