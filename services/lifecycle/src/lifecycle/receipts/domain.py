"""Receipts 收據: what a decision was taken by, also one not to act. Answers to "why" are read from them.

A decision that changed nothing (the condition was false, once more) is counted, one row a member, rule, reason and business
day, with the values of the latest: a busy event would write nothing else all day.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from lifecycle.calendars.domain import Calendar
from lifecycle.decisions.domain import Decision
from lifecycle.readings.domain import Reading

ACTED = "acted"

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


class Detail(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """What decided, as it is kept."""

    values: dict[str, Reading] = {}
    """The leaves of the condition, by name."""
    units: dict[str, str] = {}
    """By the salt of a holdout, what the member was drawn as."""
    by: str | None = None
    """The guard that objected, as the policy writes it."""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions of one member, rule, reason and day, the latest of them whole."""

    times: int
    latest: Decision


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Detail)

NOTHING = _encoder.encode(Detail())
"""Of whom nothing is kept."""


def encode(decision: Decision) -> bytes:
    return _encoder.encode(Detail(decision.values, decision.units, decision.by))


def decode(encoded: bytes) -> Detail:
    return _decoder.decode(encoded)


def outcome(decision: Decision) -> str:
    return decision.reason or ACTED


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
