"""Likeness 相近: what was probably meant by a name that nothing is called."""

from collections.abc import Collection
from difflib import get_close_matches

from lifecycle.text.faults.domain import clipped


def near(name: str, names: Collection[str]) -> str | None:
    return next(iter(get_close_matches(clipped(name), names, n=1)), None)
