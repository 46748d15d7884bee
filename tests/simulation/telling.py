"""What a step asks for, or asks back, as it is told in the log."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID, uuid5

from common.contracts.lifecycle import ActionRequested, ActionWithdrawn
from lifecycle.batches.domain import Asking, Step

Source = TypeVar("Source")


@dataclass(frozen=True)
class Telling:
    """`ask`: for the so manieth time."""

    event: ActionRequested | ActionWithdrawn
    event_id: UUID
    depth: int
    ask: int = 1


def told_in(step: Step[Source]) -> Iterator[Telling]:
    stepped = step.stepped
    for each in step.told:
        if isinstance(each, Asking):
            yield Telling(each.request, uuid5(each.request.action_id, "ask 1"), each.depth)
    asks = {each.request.action_id: (each.asks, slot.depth) for slot in stepped.member.slots for each in slot.effects}
    for request in stepped.asked_again:
        ask, depth = asks[request.action_id]
        yield Telling(request, uuid5(request.action_id, f"ask {ask}"), depth, ask)
    for withdrawal in stepped.withdrawals:
        event_id = uuid5(withdrawal.event.action_id, f"withdraw {withdrawal.ask}")
        yield Telling(withdrawal.event, event_id, withdrawal.depth, withdrawal.ask)
