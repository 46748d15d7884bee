"""Festivals 節假日: lists of public holidays that a policy may name instead of writing every day.

Only what was officially announced is here. `cn-2026`: the State Council's notice of 4 November 2025 國務院辦公廳關於2026年部分節假日安排的通知.
Days at a weekend that are worked instead 調休上班 are no holidays, and are not listed.
"""

from collections.abc import Mapping
from datetime import date, timedelta


def _days(first: date, days: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=day) for day in range(days))


FESTIVALS: Mapping[str, tuple[date, ...]] = {
    "cn-2026": (
        *_days(date(2026, 1, 1), 3),  # New Year 元旦
        *_days(date(2026, 2, 15), 9),  # Spring Festival 春節
        *_days(date(2026, 4, 4), 3),  # Tomb Sweeping 清明節
        *_days(date(2026, 5, 1), 5),  # Labour Day 勞動節
        *_days(date(2026, 6, 19), 3),  # Dragon Boat 端午節
        *_days(date(2026, 9, 25), 3),  # Mid-Autumn 中秋節
        *_days(date(2026, 10, 1), 7),  # National Day 國慶節
    )
}


def days_off(text: str) -> tuple[date, ...] | None:
    """A day by its date, or those of a list by its name; None: it is neither."""
    if text in FESTIVALS:
        return FESTIVALS[text]
    try:
        return (date.fromisoformat(text),)
    except ValueError:
        return None
