"""Projections 投影: the rows that follow from what happened, and whether the tables hold exactly these.

Rows are kept whole for a few members, or sealed for all of a lane: what only grows becomes one digest a member, so that
memory does not grow with history.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, Literal
from uuid import UUID

import msgspec

from lifecycle.calendars.domain import EPOCH, Calendar
from lifecycle.receipts.domain import NOTHING, is_counted
from lifecycle.receipts.domain import encode as encode_detail
from lifecycle.receipts.domain import outcome as outcome_of
from lifecycle.replays.dockets.domain import ActionRow, action_row, asked_anew, asked_back, given_up, heard
from lifecycle.replays.domain import Happened
from lifecycle.standing.transitions.domain import Transition
from lifecycle.stepping.decisions.domain import Decision

Table = Literal["member", "waiting_event", "transition", "receipt", "receipt_count", "action"]
MOST_SHOWN = 2_000
Plain = tuple[Any, ...]
"""A row without its member and its number."""

_encoder = msgspec.msgpack.Encoder(order="deterministic", uuid_format="bytes")


class CountRow(msgspec.Struct, kw_only=True):
    times: int
    version: int
    at: datetime
    detail: bytes


CountKey = tuple[str, str, date]
"""(rule, reason, day)."""


class MemberRows(msgspec.Struct, kw_only=True):
    """What the tables hold of one member; the first four a list of rows, or the digest of that list."""

    transitions: Any = None
    receipts: Any = None
    """Both without the values that they were found by."""
    grounds: Any = None
    details: Any = None
    """With these, where there are any: nothing is left of them when the member is erased."""
    counts: dict[CountKey, CountRow] = {}
    actions: dict[UUID, ActionRow] = {}
    counted: int = 0
    """The sum of the digests of counts that can grow no more."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first that is found between what was replayed and what a table holds."""

    lane: int
    member_id: UUID
    table: Table
    replayed: Any
    held: Any

    def told(self) -> str:
        place = f"lane {self.lane}, member {self.member_id}, {self.table}"
        return f"{place}: the journal gives {_shown(self.replayed)}, the table holds {_shown(self.held)}"


Grow = Callable[[Any, Plain], Any]


def kept(rows: list[Plain] | None, row: Plain) -> list[Plain]:
    """Rows as they are."""
    return [*(rows or ()), row]


def sealed(digest: bytes | None, row: Plain) -> bytes:
    """The digest of the rows before and one more."""
    return blake2b((digest or b"") + _encoder.encode(row), digest_size=16).digest()


class Projection:
    """Of the members of a lane. `grow`: `kept` or `sealed`."""

    def __init__(self, grow: Grow) -> None:
        self.grow = grow
        self.rows: dict[UUID, MemberRows] = {}

    def add(self, happened: Happened, calendars: Mapping[int, Calendar]) -> None:
        """`calendars`: by version of the policy."""
        stepped = happened.step.stepped
        if not (
            stepped.transitions
            or stepped.decisions
            or stepped.asked_again
            or stepped.withdrawals
            or happened.step.folded
        ):
            return
        rows = self.rows.setdefault(happened.member_id, MemberRows())
        for transition in stepped.transitions:
            self.add_transition(rows, transition_row(transition))
        for decision in stepped.decisions:
            if is_counted(decision):
                self._count(rows, decision, calendars[decision.version])
            else:
                self.add_receipt(rows, receipt_row(decision, happened.gate))
            for request in decision.requests:
                rows.actions[request.action_id] = action_row(request, at=decision.at, gate=happened.gate)
        self._settle(rows, happened)
        if stepped.member.is_erased:
            rows.grounds, rows.details, rows.counts, rows.counted = None, None, {}, 0  # as `tombstones` leaves it
            given_up(rows.actions, happened.gate)
        if self.grow is sealed and rows.counts:
            self._seal(rows, happened, calendars)

    def add_transition(self, rows: MemberRows, row: Plain) -> None:
        rows.transitions = self.grow(rows.transitions, row[:-1])
        if row[-1]:
            rows.grounds = self.grow(rows.grounds, row)

    def add_receipt(self, rows: MemberRows, row: Plain) -> None:
        rows.receipts = self.grow(rows.receipts, row[:-1])
        if row[-1] != NOTHING:
            rows.details = self.grow(rows.details, row)

    def _count(self, rows: MemberRows, decision: Decision, calendar: Calendar) -> None:
        day = date.fromordinal(calendar.day_of(decision.at) + EPOCH)
        place = decision.rule, outcome_of(decision), day
        before = rows.counts.get(place)
        rows.counts[place] = CountRow(
            times=before.times + 1 if before else 1,
            version=decision.version,
            at=decision.at,
            detail=encode_detail(decision),
        )

    def _settle(self, rows: MemberRows, happened: Happened) -> None:
        """What an event tells comes before what the step asks for anew, or asks back."""
        step = happened.step
        if step.folded:
            heard(rows.actions, step.folded.arrival.event, happened.gate)
        for request in step.stepped.asked_again:
            asked_anew(rows.actions, request.action_id)
        for withdrawal in step.stepped.withdrawals:
            asked_back(rows.actions, withdrawal.event.action_id, withdrawal.state, happened.gate)

    def _seal(self, rows: MemberRows, happened: Happened, calendars: Mapping[int, Calendar]) -> None:
        """Of a day before whatever still waits, nothing more can be counted."""
        member = happened.step.stepped.member
        day_of = calendars[member.version].day_of
        open_from = min([member.at, *(each.since for each in member.pending if each.since)])
        first = date.fromordinal(day_of(open_from) + EPOCH - 1)
        for place in [place for place in rows.counts if place[2] < first]:
            rows.counted = summed(rows.counted, place, rows.counts.pop(place))


def summed(counted: int, place: CountKey, row: CountRow) -> int:
    """A sum of digests, whatever the order."""
    digest = blake2b(_encoder.encode((place, msgspec.structs.astuple(row))), digest_size=16).digest()
    return (counted + int.from_bytes(digest)) % (1 << 128)


def transition_row(transition: Transition) -> Plain:
    return (*(getattr(transition, name) for name in TRANSITION), msgspec.to_builtins(transition.values))


TRANSITION = ("dimension", "previous", "current", "episode", "at", "cause", "version")


def receipt_row(decision: Decision, gate: datetime) -> Plain:
    return (
        decision.rule,
        decision.key,
        decision.version,
        decision.at,
        gate,
        outcome_of(decision),
        decision.until,
        decision.attempt,
        encode_detail(decision),
    )


RECEIPT = ("rule", "key", "version", "at", "gate_at", "outcome", "until", "attempt", "detail")


def _shown(value: Any) -> str:
    text = f"{value!r}"
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
