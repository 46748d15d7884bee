"""A fault 錯誤: what is wrong in what an operator wrote, where, and what was expected, in Chinese and English.

Whoever finds a kind of fault declares its text beside the code that finds it:

    UNKNOWN_METRIC = Text("unknown_metric", en="no metric {name!r}; there are {known}", zh="沒有指標「{name}」；現有：{known}")
"""

from typing import Literal, TypeAlias

import msgspec

Language = Literal["en", "zh"]
Severity = Literal["error", "warning", "note"]
"""What cannot be as it is written; what may be meant otherwise; what is good to know."""
Said: TypeAlias = str | int | float

MOST_FAULTS = 100
"""Nobody mends more at once; a reading may stop there."""


class Text(msgspec.Struct, frozen=True):
    """What is said of one kind of fault. Both languages have the same places to fill in."""

    code: str
    en: str
    zh: str


class Place(msgspec.Struct, frozen=True, order=True):
    """Where in the document, both counted from 1. A column counts characters, as an editor shows them."""

    line: int
    column: int


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    text: Text
    path: str = ""
    """The way to it through the document, `rules.welcome.if`; empty for the whole."""
    place: Place | None = None
    values: dict[str, Said] = {}
    severity: Severity = "error"

    def message(self, language: Language) -> str:
        return (self.text.zh if language == "zh" else self.text.en).format(**self.values)

    def told(self, language: Language) -> str:
        """The message with where it belongs: `3:7: rules.welcome.if: …`."""
        place = f"{self.place.line}:{self.place.column}" if self.place else ""
        return ": ".join(part for part in (place, self.path, self.message(language)) if part)

    def __str__(self) -> str:
        return self.told("en")


def finding(text: Text, path: str, severity: Severity = "error", **values: Said) -> Fault:
    """A fault of a whole that has been read; its place is known by its path."""
    return Fault(text=text, path=path, values=values, severity=severity)


def clipped(text: str, most: int = 40) -> str:
    """As much of an operator's text as a message should repeat."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
