"""A derivation 推導: what became of one member, made again from the journal alone; and how it differs from what is kept.

It must not differ. Where it does, a row was changed by hand, or the engine is wrong.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from lifecycle.batches.domain import Step
from lifecycle.journal.domain import Entry
from lifecycle.members.domain import Member, decode
from lifecycle.publishing.versions.domain import Versions
from lifecycle.receipts.domain import DayCount, Receipt, counted, days, is_counted, receipt_of
from lifecycle.replays.domain import Population, Taken, events_of, replayed
from lifecycle.standing.transitions.domain import Transition, as_kept
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.domain import Arrival
from lifecycle.text.faults.domain import Text
from lifecycle.text.statements.domain import Statement, say

AGREES = Text(
    "derivation_agrees",
    en="the journal says the same: {decisions} decisions and {transitions} transitions, from {entries} entries",
    zh="日誌推導的結果一致：{decisions} 次判斷、{transitions} 次變化，來自 {entries} 筆日誌",
)
ONLY_KEPT = Text(
    "derivation_only_kept",
    en="kept, but the journal does not say so: {what}",
    zh="有保存，但日誌推導不出：{what}",
)
ONLY_DERIVED = Text(
    "derivation_only_derived",
    en="the journal says so, but it is not kept: {what}",
    zh="日誌推導得出，但沒有保存：{what}",
)
EVENT = Text(
    "derivation_event",
    en="the event was {event}, id {event_id}, appended at {appended}",
    zh="事件是 {event}，編號 {event_id}，寫入於 {appended}",
)

Kept = Receipt | DayCount | Transition


class Outset(msgspec.Struct, frozen=True, kw_only=True):
    """The event from which something followed."""

    name: str
    event_id: UUID
    at: datetime


@dataclass
class Derivation:
    member_id: UUID
    lane: int
    entries: int = 0
    moved: list[tuple[Transition, Outset | None]] = field(default_factory=list)
    """With the event that caused it, if one did."""
    decided: list[tuple[Decision, datetime, Outset | None]] = field(default_factory=list)
    """With the gate time, and the event that caused it, if one did."""

    def __post_init__(self) -> None:
        self._population = Population(self.lane)

    def take(self, entry: Entry, versions: Versions) -> None:
        """One entry of the journal more, in their order, under what was in force then."""
        self.entries += 1
        for happened in replayed(self._population, versions, entry, events_of(entry), only=self.member_id):
            self._note(happened.step, happened.gate)

    @property
    def member(self) -> Member | None:
        """As they are by now."""
        state = self._population.states.get(self.member_id)
        return decode(state) if state else None

    def _note(self, step: Step[Taken], gate: datetime) -> None:
        outset = _outset(step.folded.arrival) if step.folded else None
        at = step.stepped.member.at
        self.moved += [(each, outset if each.cause == "event" else None) for each in step.stepped.transitions]
        self.decided += [(each, gate, outset if each.at == at else None) for each in step.stepped.decisions]

    @property
    def transitions(self) -> list[Transition]:
        """In the order in which they happened."""
        return [as_kept(transition) for transition, _ in self.moved]

    @property
    def receipts(self) -> list[Receipt]:
        """In the order in which they were decided."""
        return [receipt_of(decision, gate) for decision, gate, _ in self.decided if not is_counted(decision)]

    def outset_of(self, *, rule: str | None = None, dimension: str | None = None) -> Outset | None:
        """The event from which the rule's last decision, or the dimension's last transition, followed."""
        found = [outset for transition, outset in self.moved if transition.dimension == dimension]
        found += [outset for decision, _, outset in self.decided if decision.rule == rule]
        return found[-1] if found else None

    def days(self, versions: Versions) -> list[DayCount]:
        calendars = {version.number: version.engine.calendar for version in versions.published}
        return days(
            counted(
                [(self.member_id, decision) for decision, *_ in self.decided if is_counted(decision)],
                calendars,
            )
        )


def differences_between(derived: Iterable[Kept], kept: Iterable[Kept]) -> list[Statement]:
    """Empty when both have the same, each as often."""
    one, other = _counted(derived), _counted(kept)
    return [
        *(say(ONLY_KEPT, holds=False, what=what.decode()) for what in (other - one).elements()),
        *(say(ONLY_DERIVED, holds=False, what=what.decode()) for what in (one - other).elements()),
    ]


def outset_told(outset: Outset) -> Statement:
    return say(EVENT, event=outset.name, event_id=str(outset.event_id), appended=outset.at)


def _outset(arrival: Arrival) -> Outset:
    return Outset(name=arrival.event.NAME, event_id=arrival.event_id, at=arrival.appended_at)


def _counted(rows: Iterable[Kept]) -> Counter[bytes]:
    return Counter(msgspec.json.encode(row, order="deterministic") for row in rows)
