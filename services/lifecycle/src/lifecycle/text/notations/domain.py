"""Notations 寫法: how an operator writes a text, a name, a number, a flag, a share and a range.

Nothing is guessed: `012`, `1e3`, `1_000` and `yes` are refused, and the fault says what to write instead.
"""

import re
from unicodedata import normalize

from lifecycle.text.documents.domain import Node
from lifecycle.text.faults.domain import Text
from lifecycle.text.readers.domain import Reader, Spot, as_scalar, scalar_of, shown, such_that

TOO_LONG = Text(
    "too_long", en="{length} characters stand here; at most {most} may", zh="這裡有 {length} 個字；最多 {most} 個"
)
NOT_LIKE = Text("not_like", en="{found!r} is not written like {like!r}", zh="「{found}」的寫法應該像「{like}」")
NOT_CODE = Text(
    "not_code",
    en="{found!r} is no name; write small letters, digits and _, a letter first, at most 64",
    zh="「{found}」不能當名稱；請用小寫英文字母、數字和 _，以字母開頭，最多 64 個字",
)
NOT_WHOLE = Text("not_whole", en="{found!r} is no whole number", zh="「{found}」不是整數")
OUT_OF_RANGE = Text("out_of_range", en="{found} is not from {low} to {high}", zh="{found} 不在 {low} 到 {high} 之間")
NOT_FLAG = Text("not_flag", en="{found!r} is neither true nor false", zh="「{found}」不是 true 或 false")
NOT_SHARE = Text(
    "not_share",
    en="{found!r} is no share; write 5% or 0.05, with at most two digits after the point of a per cent, at most 100%",
    zh="「{found}」不是比例；請寫 5% 或 0.05，百分比的小數最多兩位，最多 100%",
)
NOT_RANGE = Text("not_range", en="{found!r} is no range; write 1..7", zh="「{found}」不是範圍；請寫 1..7")

WHOLE = 10_000
"""The parts that shares are counted in."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,39})")
_OTHER_BASE = re.compile(r"0o[0-7]{1,15}|0x[0-9a-fA-F]{1,12}")
_POWER = re.compile(r"([1-9][0-9]{0,8})[eE]\+?([0-9])")
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%")
_FRACTION = re.compile(r"([01])\.([0-9]{1,4})")
_RANGE = re.compile(r"(-?[0-9]{1,9})\.\.(-?[0-9]{1,9})")
_FLAGS = {"true": True, "false": False}
_FLAG_WORDS = {
    word: flag for flag, words in {"true": "yes on y 是", "false": "no off n 否"}.items() for word in words.split()
}


def as_text(most: int = 200, pattern: re.Pattern[str] | None = None, like: str = "") -> Reader[str]:
    """A text as it stands, quoted or not; all of it matches the pattern, of which `like` is an example."""

    def reader(node: Node, spot: Spot) -> str | None:
        scalar = scalar_of(node, spot)
        if scalar is None:
            return None
        if len(scalar.text) > most:
            spot.tell(TOO_LONG, scalar.place, length=len(scalar.text), most=most)
        elif pattern and not pattern.fullmatch(scalar.text):
            spot.tell(NOT_LIKE, scalar.place, found=shown(scalar), like=like)
        else:
            return scalar.text
        return None

    return reader


def as_code() -> Reader[str]:
    """A name that the operator chooses."""
    return as_scalar(
        lambda text: text if _CODE.fullmatch(text) else None,
        NOT_CODE,
        tidy=lambda text: re.sub(r"[\s-]+", "_", plain(text).casefold()),
    )


def as_whole(low: int, high: int) -> Reader[int]:
    return such_that(
        as_scalar(parse_whole, NOT_WHOLE, tidy=_tidy_whole, bare=True),
        lambda value: low <= value <= high,
        OUT_OF_RANGE,
        low=low,
        high=high,
    )


def as_flag() -> Reader[bool]:
    def tidy(text: str) -> str:
        word = plain(text).casefold()
        return _FLAG_WORDS.get(word, word)

    return as_scalar(_FLAGS.get, NOT_FLAG, tidy=tidy, bare=True)


def as_share() -> Reader[int]:
    """In ten-thousandths: 5% and 0.05 are 500."""
    return as_scalar(parse_share, NOT_SHARE, tidy=lambda text: re.sub(r"^\.", "0.", re.sub(r"\s", "", plain(text))))


def as_range(low: int, high: int) -> Reader[tuple[int, int]]:
    """Both ends included."""
    return such_that(
        as_scalar(
            parse_range, NOT_RANGE, tidy=lambda text: re.sub(r"\s|\.(?=\.\.)", "", plain(text).replace("~", ".."))
        ),
        lambda value: low <= value[0] <= value[1] <= high,
        OUT_OF_RANGE,
        low=low,
        high=high,
    )


def parse_whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def parse_share(text: str) -> int | None:
    if found := _PERCENT.fullmatch(text):
        parts = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    elif found := _FRACTION.fullmatch(text):
        parts = int(found[1]) * WHOLE + int(found[2].ljust(4, "0"))
    else:
        return None
    return parts if parts <= WHOLE else None


def parse_range(text: str) -> tuple[int, int] | None:
    found = _RANGE.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def plain(text: str) -> str:
    """Full-width letters, digits and signs as ordinary ones."""
    return normalize("NFKC", text).strip()


def _tidy_whole(text: str) -> str:
    written = re.sub(r"[_,\s]", "", plain(text)).removeprefix("+").removesuffix(".0")
    if _OTHER_BASE.fullmatch(written):
        return str(int(written, 0))
    if found := _POWER.fullmatch(written):
        return found[1] + "0" * int(found[2])
    return re.sub(r"^(-?)0+(?=[0-9])", r"\1", written)
