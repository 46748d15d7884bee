"""Engagement 互動: messages, tasks and webhooks by action id, each once, as far as the audience that it knows of consents."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from common.contracts.engagement import (
    MessageRefused,
    MessageSent,
    TaskClosed,
    TaskOpened,
    TaskRefused,
    WebhookDelivered,
    WebhookRefused,
)
from common.contracts.envelope import Envelope
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested, ActionWithdrawn, AssignTask, CallWebhook, SendMessage
from common.contracts.members import ConsentChanged
from engagement.audience.domain import Audience
from engagement.errands.domain import KINDS, obstacle
from simulation.dice import Dice
from simulation.logs import Row
from simulation.reading import Reader

UNKNOWN = "second"
"""A template that no channel has."""


class Errand(msgspec.Struct):
    asked: ActionRequested | None
    """None: withdrawn before it was asked for."""
    member_id: UUID
    at: datetime
    state: Literal["refused", "queued", "done", "closed"]
    reason: str | None = None
    cause: Envelope | None = None
    attempts: int = 0


@dataclass
class Engagement(Reader):
    errands: dict[UUID, Errand] = field(default_factory=dict)
    permitted: set[tuple[UUID, str]] = field(default_factory=set)

    def work(self, now: datetime, dice: Dice) -> bool:
        if self.is_down(now):
            return False
        worked = super().work(now, dice)
        for errand in list(self.errands.values()):
            if errand.state == "queued":
                self._call(errand, now, dice)
                worked = True
        return worked

    def handle(self, row: Row, now: datetime) -> None:
        match row.event:
            case ConsentChanged(member_id=member_id, purpose=purpose, given=given):
                (self.permitted.add if given else self.permitted.discard)((member_id, purpose))
            case ActionRequested(action=SendMessage() | AssignTask() | CallWebhook()):
                self._carry_out(row.event, now, row.envelope)
            case ActionWithdrawn() if row.event.kind in KINDS:
                self._withdraw(row.event, now, row.envelope)

    def _carry_out(self, asked: ActionRequested, now: datetime, cause: Envelope) -> None:
        if asked.action_id not in self.errands:
            audience = Audience(permitted=frozenset(self.permitted), erased=frozenset())
            reason = obstacle(asked, now=now, audience=audience)
            if isinstance(asked.action, SendMessage) and asked.action.template == UNKNOWN:
                reason = reason or "unknown_template"  # type: ignore[assignment]  # the message's own reason
            queued = isinstance(asked.action, CallWebhook)
            state: Literal["refused", "queued", "done"] = "refused" if reason else "queued" if queued else "done"
            self.errands[asked.action_id] = Errand(asked, asked.member_id, now, state, reason, cause)
        self._tell_of(asked, self.errands[asked.action_id], now, cause)

    def _withdraw(self, withdrawn: ActionWithdrawn, now: datetime, cause: Envelope) -> None:
        errand = self.errands.setdefault(
            withdrawn.action_id, Errand(None, withdrawn.member_id, now, "refused", "withdrawn")
        )
        if errand.asked is None:
            return
        if errand.state == "queued":
            errand.state, errand.reason = "refused", "withdrawn"
            self._tell_of(errand.asked, errand, now, cause)
        elif errand.state == "done" and isinstance(errand.asked.action, AssignTask):
            errand.state = "closed"
            team = errand.asked.action.team
            told: dict[str, Any] = {
                "task_id": withdrawn.action_id,
                "member_id": errand.member_id,
                "team": team,
                "closed_at": now,
            }
            self.tell(TaskClosed(**told, outcome="withdrawn"), now=now, cause=cause)

    def _call(self, errand: Errand, now: datetime, dice: Dice) -> None:
        """The endpoint takes it, says no, or does not answer."""
        errand.attempts += 1
        if errand.asked is None or errand.cause is None:
            return
        if errand.asked.valid_until < now:
            errand.state, errand.reason = "refused", "expired"
        elif dice.chance(0.1):
            errand.state, errand.reason = "refused", "answered_no"
        elif dice.chance(0.3) and errand.attempts < 3:
            return
        else:
            errand.state, errand.at = "done", now
        self._tell_of(errand.asked, errand, now, errand.cause)

    def _tell_of(self, asked: ActionRequested, errand: Errand, now: datetime, cause: Envelope) -> None:
        event = _told(asked, errand)
        if errand.state != "queued" and event is not None:
            self.tell(event, now=now, cause=cause)


def _told(asked: ActionRequested, errand: Errand) -> Event | None:
    told: dict[str, Any] = {"action_id": asked.action_id, "member_id": asked.member_id}
    reason: Any = errand.reason
    match asked.action:
        case SendMessage(template=template, channel=channel):
            told |= {"template": template, "channel": channel}
            if errand.state == "refused":
                return MessageRefused(**told, reason=reason)
            return MessageSent(**told, message_id=asked.action_id, sent_at=errand.at)
        case AssignTask(team=team):
            told |= {"team": team}
            if errand.state == "refused":
                return TaskRefused(**told, reason=reason)
            return TaskOpened(**told, task_id=asked.action_id, due_at=errand.at)
        case CallWebhook(endpoint=endpoint):
            told |= {"endpoint": endpoint}
            if errand.state == "refused":
                return WebhookRefused(**told, reason=reason)
            return WebhookDelivered(**told, delivered_at=errand.at)
    return None
