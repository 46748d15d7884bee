"""A rehearsal 預演: another policy over the same journal, by timers of its own: who would have moved, what it would have done.

Open loop: what came of an action that it did not take is passed over, and so is what members did with it; what it does itself
is taken as carried out at once, and nobody's answer to it is known. What lanes were sent by others they are sent as those
would have sent it.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from heapq import heappop, heappush
from uuid import UUID

import msgspec

from common.contracts.engagement import MessageSent, TaskOpened, WebhookDelivered
from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested, ActionWithdrawn, AssignTask, CallWebhook, SendMessage
from common.contracts.members import RewardGranted, RewardKind, RewardWithdrawn
from lifecycle.actions.domain import concluded
from lifecycle.actions.withdrawals.domain import answered
from lifecycle.batches.domain import Step, Subject
from lifecycle.engine.domain import Engine
from lifecycle.facts.events.domain import FORWARDED
from lifecycle.journal.domain import Entry
from lifecycle.publishing.versions.domain import alone
from lifecycle.replays.domain import Happened, Population, Taken
from lifecycle.stepping.domain import Arrival

INSTANT = timedelta(microseconds=1)
NO_LETTERS: Mapping[UUID, Event] = {}

_MADE = ("message_id", "coupon_id", "task_id")
"""What an action makes, by which later events name it."""


class Rehearsal:
    """One lane under the other policy. Before `since`, by the gate clock, everybody stands and no rule does anything.
    `letters`: what was forwarded, by its id, as it would have been; see `correspondences`.
    """

    def __init__(
        self,
        lane: int,
        engine: Engine,
        *,
        since: datetime | None = None,
        only: UUID | None = None,
        letters: Mapping[UUID, Event] = NO_LETTERS,
    ) -> None:
        self.population = Population(lane)
        self.versions = alone(engine)
        self._silent = alone(dataclasses.replace(engine, paused=frozenset(engine.rules)))
        self._since = since
        self._only = only
        self._letters = letters
        self._timers: list[tuple[datetime, UUID]] = []
        self._armed: dict[UUID, datetime] = {}
        self._reached: datetime | None = None
        self._own: set[UUID] = set()
        self._foreign: set[UUID] = set()

    def take(self, entry: Entry, taken: Iterable[Taken]) -> Iterator[Happened]:
        """What an entry would have brought. Who was woken then matters to nobody here: whoever is due by now is."""
        subjects: dict[UUID, Subject[Taken]] = {}
        if entry.watermark is not None and (self._reached is None or entry.watermark > self._reached):
            self._reached = entry.watermark
            for member_id in self._due(entry.watermark):
                subject = self._subject(subjects, member_id, entry)
                yield from self._happened(entry, member_id, subject, subject.wake())
        for each in taken:
            arrival = self._as_it_would_be(each.arrival)
            if (self._only is None or self._only == each.member_id) and arrival is not None:
                subject = self._subject(subjects, each.member_id, entry)
                steps = subject.take(producer=each.producer, arrival=arrival, source=each)
                yield from self._happened(entry, each.member_id, subject, steps)
        for member_id, subject in subjects.items():
            self.population.keep(member_id, subject)
            self._arm(member_id, subject.wake_at)

    def due_by(self, moment: datetime) -> datetime | None:
        """What time has to pass next for somebody to be woken; None: that is later than the moment."""
        if not self._timers:
            return None
        due_at = self._timers[0][0]
        if self._reached is not None:
            due_at = max(due_at, self._reached + INSTANT)
        return due_at if due_at <= moment else None

    def _as_it_would_be(self, arrival: Arrival) -> Arrival | None:
        """None: it would not have come."""
        if isinstance(arrival.event, FORWARDED):
            event = self._letters.get(arrival.event_id)
            return None if event is None else msgspec.structs.replace(arrival, event=event)
        return None if self._is_foreign(arrival.event) else arrival

    def _subject(self, subjects: dict[UUID, Subject[Taken]], member_id: UUID, entry: Entry) -> Subject[Taken]:
        if member_id not in subjects:
            silent = self._since is not None and entry.gate_at < self._since
            versions = self._silent if silent else self.versions
            subjects[member_id] = self.population.subject(
                member_id, versions=versions, gate=entry.gate_at, watermark=entry.watermark
            )
        return subjects[member_id]

    def _happened(
        self, entry: Entry, member_id: UUID, subject: Subject[Taken], steps: Iterable[Step[Taken]]
    ) -> Iterator[Happened]:
        for step in steps:
            for asking in step.requests:
                self._own.add(asking.request.action_id)
                self._answer(subject, carried_out(asking.request, entry.gate_at))
            for withdrawal in step.stepped.withdrawals:
                self._answer(subject, taken_back(withdrawal.event, entry.gate_at))
            yield Happened(member_id, entry.gate_at, step)

    def _answer(self, subject: Subject[Taken], event: Event) -> None:
        if subject.member is not None:
            slots = answered(concluded(subject.member.slots, event), event)
            subject.member = msgspec.structs.replace(subject.member, slots=slots)

    def _is_foreign(self, event: Event) -> bool:
        action: UUID | None = getattr(event, "action_id", None)
        made = [named for name in _MADE if (named := getattr(event, name, None)) is not None]
        if action is not None and action not in self._own:
            self._foreign.update(made)
            return True
        return bool(made) and not self._foreign.isdisjoint(made)

    def _due(self, watermark: datetime) -> Iterator[UUID]:
        while self._timers and self._timers[0][0] <= watermark:
            due_at, member_id = heappop(self._timers)
            if self._armed.get(member_id) == due_at:
                del self._armed[member_id]
                yield member_id

    def _arm(self, member_id: UUID, due_at: datetime | None) -> None:
        """Earlier, or anew: a timer is never later than what is due, and harmless when it is early."""
        armed_at = self._armed.get(member_id)
        if due_at is not None and (armed_at is None or due_at < armed_at):
            self._armed[member_id] = due_at
            heappush(self._timers, (due_at, member_id))


def taken_back(withdrawn: ActionWithdrawn, at: datetime) -> Event:
    """What whoever takes a reward back tells when it goes well; nobody else is asked what they have done."""
    kind: RewardKind = "points" if withdrawn.kind == "grant_points" else "coupon"
    return RewardWithdrawn(action_id=withdrawn.action_id, member_id=withdrawn.member_id, kind=kind, withdrawn_at=at)


def carried_out(request: ActionRequested, at: datetime) -> Event:
    """What whoever carries an action out tells when it goes well."""
    action_id, member_id, made = request.action_id, request.member_id, request.action_id
    match request.action:
        case SendMessage(template=template, channel=channel):
            return MessageSent(
                message_id=made,
                member_id=member_id,
                template=template,
                channel=channel,
                sent_at=at,
                action_id=action_id,
            )
        case AssignTask(team=team):
            return TaskOpened(task_id=made, member_id=member_id, team=team, due_at=at, action_id=action_id)
        case CallWebhook(endpoint=endpoint):
            return WebhookDelivered(action_id=action_id, member_id=member_id, endpoint=endpoint, delivered_at=at)
        case _:
            return RewardGranted(action_id=action_id, member_id=member_id, kind="coupon", granted_at=at)
