"""An impact 影響: how many members would stand elsewhere under another version of the policy, from their facts now."""

from collections import Counter
from collections.abc import Iterable

from lifecycle.engine.contrasts.domain import contrast, shifted
from lifecycle.engine.domain import Engine
from lifecycle.members.outlines.domain import Outline

Moved = tuple[str, str | None, str | None]
"""Dimension, value now, value then."""


def impact(now: Engine, then: Engine, members: Iterable[Outline], *, day: int) -> Counter[Moved]:
    """On a business day; those who would stand where they do are not counted."""
    moved: Counter[Moved] = Counter()
    between = contrast(now, then)
    for member in members:
        before, after, _ = shifted(between, member.facts_at(between.places), day)
        if before != after:
            moved.update(
                (name, before.get(name), after.get(name))
                for name in {**before, **after}
                if before.get(name) != after.get(name)
            )
    return moved


def as_json(moved: Counter[Moved]) -> list[list[str | int | None]]:
    """[dimension, value now, value then, members], in the order of the first three."""
    return [[*place, count] for place, count in sorted(moved.items(), key=lambda each: tuple(map(str, each[0])))]


def from_json(rows: Iterable[list[str | int | None]]) -> Counter[Moved]:
    return Counter({(str(name), _text(before), _text(after)): int(count or 0) for name, before, after, count in rows})


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)
