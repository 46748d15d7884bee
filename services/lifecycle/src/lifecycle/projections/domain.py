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

from common.contracts.event import Event
from common.contracts.lifecycle import ActionRequested
from lifecycle.actions.domain import GIVEN_UP, outcome
from lifecycle.calendars.domain import EPOCH, Calendar
from lifecycle.decisions.domain import Decision
from lifecycle.members.domain import Member
from lifecycle.receipts.domain import NOTHING, is_counted
from lifecycle.receipts.domain import encode as encode_detail
from lifecycle.receipts.domain import outcome as outcome_of
from lifecycle.replays.domain import Happened
from lifecycle.transitions.domain import Transition
from lifecycle.withdrawals.domain import answer_of

Table = Literal["member", "waiting_event", "transition", "receipt", "receipt_count", "action"]
MOST_SHOWN = 2_000
Plain = tuple[Any, ...]
"""A row without its member and its number."""

_encoder = msgspec.msgpack.Encoder(order="deterministic", uuid_format="bytes")


class ActionRow(msgspec.Struct, kw_only=True):
    rule: str
    key: str
    attempt: int
    kind: str
    detail: dict[str, Any]
    at: datetime
    valid_until: datetime
    state: str
    asks: int
    requested_at: datetime
    settled_at: datetime | None
    reason: str | None


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
            _bury(rows, happened.gate)
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
        """What an event tells comes before what the step asks for anew, or asks back. An identity's actions are not the member's
        rows: `comparable`.
        """
        step = happened.step
        if step.folded:
            _heard(rows.actions, step.folded.arrival.event, happened.gate)
        for request in step.stepped.asked_again:
            if row := rows.actions.get(request.action_id):
                row.state, row.asks = "unknown", row.asks + 1
        for withdrawal in step.stepped.withdrawals:
            row = rows.actions.get(withdrawal.event.action_id)
            if row is not None and row.state in {"requested", "unknown", "done"}:
                row.state, row.settled_at = withdrawal.state, happened.gate

    def _seal(self, rows: MemberRows, happened: Happened, calendars: Mapping[int, Calendar]) -> None:
        """Of a day before whatever still waits, nothing more can be counted."""
        member = happened.step.stepped.member
        day_of = calendars[member.version].day_of
        open_from = min([member.at, *(each.since for each in member.pending if each.since)])
        first = date.fromordinal(day_of(open_from) + EPOCH - 1)
        for place in [place for place in rows.counts if place[2] < first]:
            rows.counted = summed(rows.counted, place, rows.counts.pop(place))


def _heard(actions: Mapping[UUID, ActionRow], event: Event, gate: datetime) -> None:
    told, answer = outcome(event), answer_of(event)
    found = told or answer
    row = actions.get(found[0]) if found else None
    if row is None:
        return
    ends = {"requested": told, "unknown": told, "undoing": answer}.get(row.state)
    if ends is not None:
        row.state, row.reason, row.settled_at = ends[1], getattr(event, "reason", None), gate


def _bury(rows: MemberRows, gate: datetime) -> None:
    """As `tombstones` leaves it."""
    rows.grounds, rows.details, rows.counts, rows.counted = None, None, {}, 0
    for row in rows.actions.values():
        if row.state in {"requested", "unknown", "undoing"}:
            row.state, row.reason, row.settled_at = "failed", GIVEN_UP, gate


def comparable(actions: Mapping[UUID, ActionRow], member: Member | None) -> Mapping[UUID, ActionRow]:
    """Of whoever was merged once, what became of an action may be their root's doing, in another lane: not to be told here."""
    if member is None or member.kin is None or not member.kin.mergers:
        return actions
    return {
        each: msgspec.structs.replace(row, state="", asks=0, settled_at=None, reason=None)
        for each, row in actions.items()
    }


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


def action_row(request: ActionRequested, *, at: datetime, gate: datetime) -> ActionRow:
    detail = msgspec.to_builtins(request.action)
    kind = detail.pop("kind")
    return ActionRow(
        rule=request.rule,
        key=request.key,
        attempt=request.attempt,
        kind=kind,
        detail=detail,
        at=at,
        valid_until=request.valid_until,
        state="requested",
        asks=1,
        requested_at=gate,
        settled_at=None,
        reason=None,
    )


def _shown(value: Any) -> str:
    text = f"{value!r}"
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
