"""The characters 字元 of what an operator sends: UTF-8, not too many, and none that nobody can see."""

import re

from lifecycle.text.faults.domain import Fault, Place, Text

MOST_BYTES = 256 * 1024

TOO_LARGE = Text(
    "too_large",
    en="the document has more than {most} bytes",
    zh="文件超過 {most} 位元組",
)
NOT_UTF8 = Text(
    "not_utf8",
    en="byte {byte} is not UTF-8 here; save the file as UTF-8",
    zh="這裡的位元組 {byte} 不是 UTF-8；請把檔案存成 UTF-8",
)
UNSEEN = Text(
    "unseen_character",
    en="the invisible character {code} stands here; delete it",
    zh="這裡有看不見的字元 {code}；請刪除",
)

_MARK = "\ufeff"
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]|\r(?!\n)"
)
"""Control characters, odd line breaks, halves of characters, and what shows a text other than it is."""


def decoded(source: str | bytes) -> str | Fault:
    """The text, without its byte order mark, or what is wrong with it."""
    if len(source) > MOST_BYTES:
        return _too_large()
    if isinstance(source, str):
        text = source
        if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
            return _too_large()
    else:
        try:
            text = source.decode()
        except UnicodeDecodeError as error:
            before = source[: error.start].decode().removeprefix(_MARK)
            return Fault(
                text=NOT_UTF8, place=place_in(before, len(before)), values={"byte": f"0x{source[error.start]:02X}"}
            )
    text = text.removeprefix(_MARK)
    unseen = first_unseen(text)
    if unseen is None:
        return text
    return Fault(text=UNSEEN, place=place_in(text, unseen), values={"code": code_of(text[unseen])})


def first_unseen(text: str) -> int | None:
    found = _UNSEEN.search(text)
    return found.start() if found else None


def code_of(character: str) -> str:
    return f"U+{ord(character):04X}"


def place_in(text: str, index: int) -> Place:
    return Place(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def _too_large() -> Fault:
    return Fault(text=TOO_LARGE, place=Place(1, 1), values={"most": MOST_BYTES})
