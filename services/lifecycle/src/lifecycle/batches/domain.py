"""A batch 批: its members, stepped one event at a time, whatever the batch; and what is to be told, in its order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from common.contracts.lifecycle import ActionRequested
from lifecycle.actions.domain import outcome
from lifecycle.actions.withdrawals.domain import answer_of
from lifecycle.members.domain import Member
from lifecycle.publishing.versions.domain import Versions
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.domain import Arrival, due_at, step, wake, wake_at
from lifecycle.stepping.moments.domain import Stepped, passed
from lifecycle.stepping.rules.domain import enrolled
from lifecycle.stepping.waiting.domain import Turn, in_turn

Source = TypeVar("Source")


class Asking(msgspec.Struct, Generic[Source], frozen=True, gc=False):
    """An action as it is first asked for."""

    request: ActionRequested
    at: datetime
    """Logical time of what triggered the rule."""
    depth: int
    """Of causation: that of the asking."""
    turn: Turn[Source] | None
    """The event that triggered it; None when time did."""


class Step(msgspec.Struct, Generic[Source], frozen=True, gc=False):
    """`turn`: the event under which it was found; None when time alone was asked."""

    stepped: Stepped
    turn: Turn[Source] | None

    @property
    def folded(self) -> Turn[Source] | None:
        """The event, if it is in the member now."""
        return None if self.stepped.waits else self.turn

    @property
    def told(self) -> list[Transition | Asking[Source]]:
        """What happened, in the order in which it did: a tick between would have told it so."""
        return sorted([*self.stepped.transitions, *self.requests], key=lambda each: each.at)

    @property
    def requests(self) -> Iterator[Asking[Source]]:
        for decision in self.stepped.decisions:
            caused = self.folded is not None and decision.at == self.stepped.member.at
            for request in decision.requests:
                yield Asking(request, decision.at, decision.depth + 1, self.folded if caused else None)


@dataclass(slots=True)
class Subject(Generic[Source]):
    """A member within a batch."""

    versions: Versions
    lane: int
    gate: datetime
    watermark: datetime | None
    loaded: Member | None = None
    """As they were; None: nothing had happened to them."""
    armed_at: datetime | None = None
    queue: list[Turn[Source]] = field(default_factory=list)
    """What waits for them, in turn."""
    kept: tuple[int, ...] = ()
    """The numbers of those that waited before."""
    member: Member | None = None
    """As they are by now."""
    heard: bool = False
    """Whether one of their events told of an outcome: what was due because of silence may be due no more."""

    failed: list[tuple[Turn[Source], Exception]] = field(default_factory=list)

    def take(self, *, producer: str, arrival: Arrival, source: Source) -> Iterator[Step[Source]]:
        self.queue = in_turn(self.queue, producer=producer, arrival=arrival, source=source)
        return self.advance()

    def advance(self) -> Iterator[Step[Source]]:
        """Step what waits, until the first that has to wait on. One that fails after it waited is set aside: the event
        that comes after it, or the time that passes, is not to blame.
        """
        while self.queue:
            turn = self.queue[0]
            try:
                stepped = step(self.versions, self.member, turn.arrival, gate=self.gate, watermark=self.watermark)
            except Exception as error:
                if turn.number is None or isinstance(error, MemoryError):
                    raise
                self.failed.append((turn, error))
                self.queue = self.queue[1:]
                continue
            self.member = stepped.member
            yield Step(stepped, turn)
            if stepped.waits:
                return
            self.heard |= bool(outcome(turn.arrival.event) or answer_of(turn.arrival.event))
            self.queue = self.queue[1:]

    def wake(self) -> Iterator[Step[Source]]:
        """Step what waits, then let time pass up to the watermark: all that was appended by then is in the member."""
        yield from self.advance()
        if self.member is not None and self.watermark is not None:
            stepped = wake(self.versions, self.member, up_to=self.watermark, gate=self.gate)
            self.member = stepped.member
            yield Step(stepped, None)

    def enrol(self, rule: str, enrolment_id: UUID) -> Iterator[Step[Source]]:
        """Let time pass up to the watermark, then bring the member what an operator enrols them for; nothing to who lives by a
        version without it.
        """
        yield from self.wake()
        if self.member is not None and self.member.stands and self.watermark is not None and not self.queue:
            engine = self.versions.engine(self.member.version)
            found = engine.rules.get(rule)
            if found is None:
                return
            occasion = enrolled(engine, self.member, found, enrolment_id=enrolment_id, at=self.watermark)
            stepped = passed(engine, self.member, at=occasion.at, cause="time", gate=self.gate, occasions=[occasion])
            self.member = stepped.member
            yield Step(stepped, None)

    @property
    def wake_at(self) -> datetime | None:
        """When they have to be woken at the latest; with events that wait, also for what these wait for."""
        if self.member is None:
            return None
        moments = (wake_at(self.member), due_at(self.versions, self.member) if self.queue else None)
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def arrived(self) -> list[Turn[Source]]:
        """What begins to wait."""
        return [turn for turn in self.queue if turn.number is None]

    @property
    def released(self) -> list[int]:
        """The numbers of those that wait no more."""
        waiting = {turn.number for turn in self.queue}
        return [number for number in self.kept if number not in waiting]


Told = tuple[UUID, Step[Source]]
