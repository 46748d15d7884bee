"""A statement 陳述: one thing that an answer says of a member, as data and in words, in Chinese and English."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from lifecycle.faults.domain import Language, Said, Text


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    text: Text
    values: dict[str, Said | datetime] = {}
    at: datetime | None = None
    """When it was so; None: now, or always."""
    holds: bool | None = None
    """Of what was asked of the member: whether it was so."""

    def told(self, language: Language, zone: ZoneInfo) -> str:
        """Moments are told by that zone's clock."""
        words = {
            name: shown_moment(value, zone) if isinstance(value, datetime) else value
            for name, value in self.values.items()
        }
        return (self.text.zh if language == "zh" else self.text.en).format(**words)


def say(
    text: Text, *, at: datetime | None = None, holds: bool | None = None, **values: Said | datetime | None
) -> Statement:
    """What is None is left out: another text says so."""
    given = {name: value for name, value in values.items() if value is not None}
    return Statement(text=text, values=given, at=at, holds=holds)


def shown_moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
