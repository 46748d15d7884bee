"""Counts that are kept, not counted: a row a lane and place, moved by the transaction that moves what is counted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Counter:
    """A table of counts: `keys` after the lane, all text; `value`: the column that counts."""

    table: str
    keys: tuple[str, ...]
    value: str


Place = tuple[int | str, ...]
"""The lane, then the keys."""
