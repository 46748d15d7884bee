"""Consent 同意: a member's yes or no to one purpose, as a version of its text asked for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    version: str
    given: bool


def is_news(said: Consent, *, before: Consent | None) -> bool:
    """Whether saying it changes anything. To whom nothing is permitted, one more text permits nothing either."""
    if before is None or said.given != before.given:
        return True
    return said.given and said.version != before.version
