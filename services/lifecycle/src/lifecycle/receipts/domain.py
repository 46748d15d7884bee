"""Receipts 收據: what a decision was taken by, also one not to act. Answers to "why" are read from them.

A decision that changed nothing (the condition was false, once more) is counted, one row a member, rule, reason and business
day, with the values of the latest: a busy event would write nothing else all day.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from lifecycle.calendars.domain import EPOCH, Calendar
from lifecycle.engine.readings.domain import Reading
from lifecycle.stepping.checks.domain import Reason
from lifecycle.stepping.decisions.domain import Decision

ACTED: Final = "acted"
Outcome = Literal["acted"] | Reason

COUNTED = frozenset(
    {
        "paused",
        "already_fired",
        "already_waiting",
        "cooling_down",
        "condition_false",
        "refused_by_state",
        "no_consent",
        "stale",
    }
)
"""Reasons that leave everything as it was."""


UNASKED = frozenset(
    {
        "paused",
        "already_fired",
        "already_waiting",
        "cooling_down",
        "not_still",
        "rule_withdrawn",
        "rule_changed",
        "undone",
    }
)
"""Reasons for which the condition was not asked."""


class Detail(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What decided, as it is kept."""

    values: dict[str, Reading] = {}
    """The leaves of the condition, by name."""
    units: dict[str, str] = {}
    """By the salt of a holdout, what the member was drawn as."""
    by: str | None = None
    """The guard that objected, as the policy writes it."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it is kept."""

    rule: str
    key: str
    version: int
    at: datetime
    """Logical time of what triggered the rule."""
    gate_at: datetime
    """When it was decided."""
    outcome: str
    """`acted`, or the reason why not."""
    until: datetime | None
    attempt: int
    detail: Detail


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often one reason stood in the way on a business day, with the latest time."""

    rule: str
    reason: str
    day: date
    times: int
    version: int
    at: datetime
    detail: Detail


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions of one member, rule, reason and day, the latest of them whole."""

    times: int
    latest: Decision


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Detail)

NOTHING = _encoder.encode(Detail())
"""Of whom nothing is kept."""


def encode(decision: Decision) -> bytes:
    return _encoder.encode(detail_of(decision))


def decode(encoded: bytes) -> Detail:
    return _decoder.decode(encoded)


def detail_of(decision: Decision) -> Detail:
    return Detail(decision.values, decision.units, decision.by)


def receipt_of(decision: Decision, gate_at: datetime) -> Receipt:
    return Receipt(
        rule=decision.rule,
        key=decision.key,
        version=decision.version,
        at=decision.at,
        gate_at=gate_at,
        outcome=outcome(decision),
        until=decision.until,
        attempt=decision.attempt,
        detail=detail_of(decision),
    )


def read_receipt(row: Mapping[str, Any]) -> Receipt:
    return Receipt(**_fields(Receipt, row))


def read_day(row: Mapping[str, Any]) -> DayCount:
    return DayCount(**_fields(DayCount, row))


def outcome(decision: Decision) -> Outcome:
    return decision.reason or ACTED


def was_asked(outcome_or_reason: str) -> bool:
    """Whether the rule's condition was asked, so that the values decide it."""
    return outcome_or_reason not in UNASKED


def is_counted(decision: Decision) -> bool:
    return decision.reason in COUNTED


def counted(
    decided: Iterable[tuple[UUID, Decision]], calendars: Mapping[int, Calendar]
) -> dict[tuple[UUID, str, str, int], Counted]:
    """(member, rule, reason, day) → how often. `calendars`: by version of the policy."""
    found: dict[tuple[UUID, str, str, int], Counted] = {}
    for member_id, decision in decided:
        day = calendars[decision.version].day_of(decision.at)
        place = member_id, decision.rule, outcome(decision), day
        times = found[place].times if place in found else 0
        found[place] = Counted(times=times + 1, latest=decision)
    return found


def days(counts: Mapping[tuple[UUID, str, str, int], Counted]) -> list[DayCount]:
    """As they are kept when nothing was before."""
    return [
        DayCount(
            rule=rule,
            reason=reason,
            day=date.fromordinal(day + EPOCH),
            times=count.times,
            version=count.latest.version,
            at=count.latest.at,
            detail=detail_of(count.latest),
        )
        for (_, rule, reason, day), count in counts.items()
    ]


def _fields(kind: type[Receipt | DayCount], row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: decode(row[name]) if name == "detail" else row[name] for name in kind.__struct_fields__}
