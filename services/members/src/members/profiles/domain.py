"""What a member tells of themselves 個人資料. All of it is personal, so all of it is sealed where it is kept."""

import re
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any, Literal

Gender = Literal["female", "male", "other"]
OLDEST = date(1900, 1, 1)
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    display_name: str | None = None
    phone: str | None = None
    birthday: date | None = None
    gender: Gender | None = None

    def changed(self, changes: dict[str, Any]) -> "Profile":
        return replace(self, **changes)

    def differences(self, other: "Profile") -> list[str]:
        """The names of the fields that differ, never what stands in them."""
        return [field.name for field in fields(self) if getattr(self, field.name) != getattr(other, field.name)]

    def as_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


def normal_phone(text: str, *, calling_code: str) -> str:
    """The one way to write a number, E.164: `138 0013-8000` → `+8613800138000`. Raises ValueError."""
    digits = re.sub(r"[ ().-]", "", text)
    international = "+" + digits.removeprefix("00") if digits.startswith("00") else digits
    number = international if international.startswith("+") else f"+{calling_code}{international}"
    if not _PHONE.fullmatch(number):
        raise ValueError("expected a phone number such as +86 138 0013 8000")
    return number


def check_birthday(birthday: date, *, today: date) -> None:
    """Raises ValueError for a day that nobody alive was born on."""
    if not OLDEST <= birthday <= today:
        raise ValueError(f"expected a day from {OLDEST} to today")
