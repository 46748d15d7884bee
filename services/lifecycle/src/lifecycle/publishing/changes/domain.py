"""Changes 變更: what operators did to the policy, one after the other. What is in force is what they come to.

The number of a change is a revision. Whoever takes in a batch notes the revision that it was taken in under, so that the
same is in force when it is replayed.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

ChangeKind = Literal["prepared", "published", "abandoned", "paused", "resumed"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    revision: int
    kind: ChangeKind
    version: int | None = None
    """What was prepared, published or abandoned."""
    rule: str | None = None
    """What was paused or resumed."""
    effective_at: datetime | None = None
    """Of what was published."""


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    revision: int = 0
    published: tuple[tuple[int, datetime], ...] = ()
    """Versions and when they take effect, in that order."""
    prepared: tuple[int, ...] = ()
    """Versions in preparation."""
    paused: frozenset[str] = frozenset()
    """Rules that do nothing for now, in whatever version."""


def in_force(changes: Iterable[Change]) -> InForce:
    """What they come to, in the order given."""
    state = InForce()
    for change in changes:
        state = _after(msgspec.structs.replace(state, revision=change.revision), change)
    return state


def _after(state: InForce, change: Change) -> InForce:
    version, rule = change.version, change.rule
    others = tuple(number for number in state.prepared if number != version)
    match change.kind:
        case "prepared" if version is not None:
            return msgspec.structs.replace(state, prepared=(*others, version))
        case "abandoned":
            published = tuple(each for each in state.published if each[0] != version)
            return msgspec.structs.replace(state, prepared=others, published=published)
        case "published" if version is not None and change.effective_at is not None:
            scheduled = (*state.published, (version, change.effective_at))
            return msgspec.structs.replace(state, prepared=others, published=scheduled)
        case "paused" if rule is not None:
            return msgspec.structs.replace(state, paused=state.paused | {rule})
        case "resumed" if rule is not None:
            return msgspec.structs.replace(state, paused=state.paused - {rule})
    raise ValueError(f"revision {change.revision}: {change.kind} names neither a version nor a rule")
