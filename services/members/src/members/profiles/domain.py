"""What a member tells of themselves 個人資料. All of it is personal, so all of it is sealed where it is kept."""

import re
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any, Literal

Gender = Literal["female", "male", "other"]
OLDEST = date(1900, 1, 1)
LEAP_YEAR = 2000
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    display_name: str | None = None
    phone: str | None = None
    birthday: str | None = None
    """`1987-06-05`, or `06-05` of who does not tell the year."""
    gender: Gender | None = None
    tz: str | None = None
    """By whose clock they live 時區, an IANA name."""

    @property
    def anniversary(self) -> str:
        """The day of the year, `06-05`; empty: not told."""
        return self.birthday[-5:] if self.birthday else ""

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


def check_birthday(birthday: str, *, today: date) -> None:
    """Raises ValueError for no day of a year (02-29 is one), or one that nobody alive was born on."""
    try:
        born = date.fromisoformat(birthday if len(birthday) > len("06-05") else f"{LEAP_YEAR}-{birthday}")
    except ValueError:
        raise ValueError("expected a day such as 06-05 or 1987-06-05") from None
    if not OLDEST <= born <= today:
        raise ValueError(f"expected a day from {OLDEST} to today")
