"""Identities 身分: the ids that a person is known by. Who was merged into another 會員合併 keeps what they were and forwards it;
the other, their root, knows it by the path that it came by.

A path says through whom, and in which merger of each: paths to the same member are in order, and the later one holds.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from uuid import UUID

import msgspec

from lifecycle.facts.domain import Facts, united

Hop = tuple[UUID, int]
"""A member, and how many mergers of theirs there have been by then."""
Path = tuple[Hop, ...]
"""From the identity to whoever passed it on last."""


class Drawn(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a member was first drawn as, and when."""

    unit: str
    at: datetime


Units = dict[str, Drawn]
"""By the salt of a holdout. Never changed in place."""


class Identity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    path: Path
    """None of a member's own."""
    facts: Facts
    units: Units


class Kin(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Whose identity a member is, and who is theirs."""

    root: UUID | None = None
    """Who they were merged into."""
    mergers: int = 0
    changed_at: datetime | None = None
    """When they were merged or parted last: what is older changes nothing."""
    identities: dict[UUID, Identity] = {}
    """Their own and those of who was merged into them; none as long as nobody was."""


ALONE = Kin()


def is_later(path: Path, known: Path) -> bool:
    """Of two paths by which one identity came to the same member. At the first merger that differs they differ in its number."""
    return [merger for _, merger in path] > [merger for _, merger in known]


def came_by(path: Path, way: Path) -> bool:
    """Whether the last part of the path is that way."""
    return path[-len(way) :] == way


def first_drawn(units: Iterable[Units]) -> Units:
    """The unit of a holdout is the one that was fixed first."""
    found: Units = {}
    for each in units:
        for salt, drawn in each.items():
            if salt not in found or (drawn.at, drawn.unit) < (found[salt].at, found[salt].unit):
                found[salt] = drawn
    return found


def facts_of(identities: Mapping[UUID, Identity]) -> Facts:
    return reduce(united, (identity.facts for identity in identities.values()), {})
