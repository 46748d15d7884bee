"""The path 路徑 of a part of a document, as faults name it: `rules.welcome.do[1].message`."""

from lifecycle.text.faults.domain import clipped


def under(path: str, key: str) -> str:
    """The path of what a key holds."""
    return f"{path}.{clipped(key)}" if path else clipped(key)


def nth(path: str, index: int) -> str:
    """The path of a list's item, counted from 1."""
    return f"{path}[{index + 1}]"
