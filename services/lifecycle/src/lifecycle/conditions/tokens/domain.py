"""Tokens 詞元: the text of a condition cut into words, numbers, quoted texts and signs, each with its place.

Full-width signs and digits stand for the ASCII ones. A word or a sign of another language is told, and read as ours.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from lifecycle.text.faults.domain import Fault, Place, Said, Text

FOREIGN = Text("foreign_word", en="instead of '{found}' write {meant}", zh="「{found}」請寫成 {meant}")
UNKNOWN_SIGN = Text(
    "unknown_sign",
    en="'{found}' means nothing here; names are written with a-z, 0-9 and _, and texts in quotes",
    zh="「{found}」在這裡沒有意義；名稱用 a-z、0-9 和 _，文字要加引號",
)
FRACTION = Text(
    "fraction",
    en="'{found}' is not a whole number; money is in minor units (10.50 is 1050)",
    zh="「{found}」不是整數；金額以分計（10.50 寫成 1050）",
)
UNKNOWN_UNIT = Text(
    "unknown_unit",
    en="'{found}' is no length of time; the units are d (days), w (weeks), mo (months), in rules also h (hours), m (minutes)",
    zh="「{found}」不是時間長度；單位是 d（日）、w（週）、mo（月），規則裡還有 h（小時）、m（分鐘）",
)
UNCLOSED_QUOTE = Text(
    "unclosed_quote", en="the quote that opens here is not closed on its line", zh="這裡開始的引號在同一行沒有關上"
)
UNKNOWN_ESCAPE = Text(
    "unknown_escape",
    en="'{found}' stands for no character; a backslash is written twice",
    zh="「{found}」不代表任何字元；反斜線要寫兩次",
)
NO_CHARACTER = Text("no_character", en="this text holds what is no character", zh="這段文字含有不是字元的內容")

Kind = Literal["name", "number", "length", "quoted", "sign", "end"]

_UNITS = {
    **dict.fromkeys(("day", "days", "天", "日"), "d"),
    **dict.fromkeys(("week", "weeks", "週", "周"), "w"),
    **dict.fromkeys(("month", "months", "個月", "个月", "月"), "mo"),
    **dict.fromkeys(("hour", "hours", "小時", "小时"), "h"),
    **dict.fromkeys(("min", "mins", "minute", "minutes", "分鐘", "分钟"), "m"),
    **{unit: unit for unit in ("d", "w", "mo", "h", "m")},
}
_WEEKDAYS = {
    f"{week}{day}": name
    for week in ("週", "周", "星期")
    for day, name in zip("一二三四五六日天", ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "sun"), strict=True)
}
_SIGNS = {"=": "==", "<>": "!=", "≠": "!=", "≥": ">=", "≤": "<=", "×": "*", "−": "-", "、": ","}
"""Other ways to write a sign."""
_ELSEWHERE = {
    **dict.fromkeys(("&&", "&", "且", "並且", "并且", "而且"), "and"),
    **dict.fromkeys(("||", "|", "或", "或者"), "or"),
    **dict.fromkeys(("!", "非", "不是"), "not"),
    "===": "==",
    "=>": ">=",
    "=<": "<=",
    "...": "..",
    "…": "..",
}
_SMALL = {"and", "or", "not", "in", "always", "never", "since", "yes", "no", "true", "false"}
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "「": "」", "＂": "＂", "＇": "＇"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'"}
_DIGITS = 20
"""So many and more are too large in any place."""
_ASCII = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if chr(wide) not in "＂＇＼"} | {0x3000: " "}
"""Full-width forms 全形, one character for one, so that places stay. Quotes keep theirs: what they hold is not ours."""


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_QUOTED = "|".join(rf"{first}(?:[^{last}\\\n]|\\[^\n])*{last}" for first, last in _QUOTES.items())
_TOKEN = re.compile(
    rf"""
      (?P<space> [\s\u200b\u2060\ufeff]+ )
    | (?P<quoted> {_QUOTED} )
    | (?P<unclosed> [{"".join(_QUOTES)}][^\n]* )
    | (?P<number> [0-9]+ )
      (?: (?P<fraction> \.[0-9]+ ) | \s*(?P<unit> (?i:{_any_of(_UNITS)}) )(?![A-Za-z0-9_]) | (?P<glued> [A-Za-z_]\w* ) )?
    | (?P<name> [A-Za-z_][A-Za-z0-9_]* | {_any_of(_WEEKDAYS)} )
    | (?P<elsewhere> (?!!=)(?:{_any_of(_ELSEWHERE)}) )
    | (?P<sign> \.\. | [<>=!]= | {_any_of(_SIGNS)} | [][<>(),.*/%+-] )
    | (?P<unknown> \w+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))")


class Token(msgspec.Struct, frozen=True):
    kind: Kind
    text: str
    """The word or the sign, the unit of a length, or what was quoted."""
    start: int
    end: int
    number: int = 0


class Cut(msgspec.Struct, frozen=True):
    tokens: tuple[Token, ...]
    """The last is the end, right behind what is written."""
    faults: tuple[Fault, ...]


def cut(source: str) -> Cut:
    pieces = [piece for matched in _TOKEN.finditer(source.translate(_ASCII)) for piece in _pieces(source, matched)]
    tokens = [piece for piece in pieces if isinstance(piece, Token)]
    end = tokens[-1].end if tokens else 0
    return Cut((*tokens, Token("end", "", end, end)), tuple(piece for piece in pieces if isinstance(piece, Fault)))


def fault_at(source: str, offset: int, text: Text, **values: Said) -> Fault:
    line, before = source.count("\n", 0, offset) + 1, source.rfind("\n", 0, offset)
    return Fault(text=text, place=Place(line, offset - before), values=values)


def excerpt(source: str, start: int, end: int, *, most: int = 60) -> str:
    """What is written there, on one line, shortened, and fit to be told."""
    words = " ".join(source[start : min(end, start + 4 * most)].split())
    short = words if len(words) <= most else f"{words[: most - 1]}…"
    return short.encode(errors="replace").decode()


def _pieces(source: str, matched: re.Match[str]) -> Iterator[Token | Fault]:
    (start, end), written, kind = matched.span(), matched.group(), matched.lastgroup
    text = _ELSEWHERE.get(written) or _WEEKDAYS.get(written) or _SIGNS.get(written, written)
    if kind == "name" and text.lower() in _SMALL:
        text = text.lower()
    if kind == "elsewhere" or (kind == "name" and text == written.lower() != written):
        yield fault_at(source, start, FOREIGN, found=written, meant=text)
    match kind:
        case "name" | "elsewhere" | "sign":
            yield Token("name" if text.isidentifier() else "sign", text, start, end)
        case "quoted":
            yield from _quoted(source, start, end)
        case "unclosed":
            yield fault_at(source, start, UNCLOSED_QUOTE)
        case "unknown":
            yield fault_at(source, start, UNKNOWN_SIGN, found=excerpt(source, start, end))
        case "number" | "fraction" | "unit" | "glued":
            yield from _number(source, matched)


def _number(source: str, matched: re.Match[str]) -> Iterator[Token | Fault]:
    start, end = matched.span()
    found = excerpt(source, start, end)
    number = int(matched["number"].lstrip("0")[:_DIGITS] or "0")
    if matched["fraction"]:
        yield fault_at(source, start, FRACTION, found=found)
    if matched["glued"]:
        yield fault_at(source, start, UNKNOWN_UNIT, found=found)
    if written := matched["unit"]:
        unit = _UNITS[written.lower()]
        if unit != written:
            yield fault_at(source, start, FOREIGN, found=found, meant=f"{number}{unit}")
        yield Token("length", unit, start, end, number)
    else:
        yield Token("number", "", start, end, number)


def _quoted(source: str, start: int, end: int) -> Iterator[Token | Fault]:
    inner = source[start + 1 : end - 1]
    for escape in _ESCAPE.finditer(inner):
        if not escape[1] and escape[2] not in _ESCAPES:
            yield fault_at(source, start + 1 + escape.start(), UNKNOWN_ESCAPE, found=excerpt(inner, *escape.span()))
    text = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else _ESCAPES.get(escape[2], ""), inner)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "\0" in whole or whole != text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore"):
        yield fault_at(source, start, NO_CHARACTER)
    yield Token("quoted", whole, start, end)
