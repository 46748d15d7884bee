"""YAML 1.2 as far as policies need it: no tags, anchors, aliases, merges or directives, and one document.

The library's parser gives the events; what it says of a mistake is told again in our own words, in both languages.
"""

import re
from collections.abc import Iterator
from typing import NoReturn

from ruamel.yaml.error import MarkedYAMLError, StreamMark
from ruamel.yaml.events import Event
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scanner import Scanner

from lifecycle.text.faults.domain import Fault, Place, Text, clipped

TAB = Text("tab", en="a tab stands here; only spaces may", zh="這裡是定位字元（Tab）；請改用空格")
DIRECTIVE = Text(
    "directive",
    en="a line may not begin with '%'; leave it out, or put the text in quotes",
    zh="一行不能以「%」開頭；請刪去這一行，或把文字放進引號",
)
ANCHOR = Text(
    "anchor",
    en="'&' begins an anchor, which may not be used here; put a text that begins with it in quotes",
    zh="「&」是錨點的記號，這裡不能使用；以它開頭的文字請放進引號",
)
ALIAS = Text(
    "alias",
    en="'*' begins an alias, which may not be used here; put a text that begins with it in quotes",
    zh="「*」是別名的記號，這裡不能使用；以它開頭的文字請放進引號",
)
TAG = Text(
    "tag",
    en="'!' begins a tag, which may not be used here; put a text that begins with it in quotes",
    zh="「!」是標籤的記號，這裡不能使用；以它開頭的文字請放進引號",
)
RESERVED = Text(
    "reserved_character",
    en="a text may not begin like {found!r}; put it in quotes",
    zh="文字不能這樣開頭：「{found}」；請放進引號",
)
NO_COLON = Text(
    "no_colon",
    en="'key: value' is expected, not {found!r}; a colon and a space stand after the key",
    zh="這裡應該是「名稱: 值」，而不是「{found}」；名稱後面要有冒號和空格",
)
WIDE_COLON = Text(
    "wide_colon",
    en="the colon in {found!r} is full-width; write ': ', an ordinary colon and a space",
    zh="「{found}」裡的冒號是全形；請用半形冒號加一個空格「: 」",
)
LIST_ITEM = Text(
    "list_item",
    en="a list item, '- ', may not stand here; give it a line of its own, indented like the items beside it",
    zh="清單項目「- 」不能放在這裡；請另起一行，並與其他項目對齊",
)
QUESTION = Text(
    "question_mark",
    en="'? ' may not stand here; put a text that begins with it in quotes",
    zh="「? 」不能放在這裡；以它開頭的文字請放進引號",
)
COLON = Text(
    "colon",
    en="': ' may not stand here; put a text with ': ' in it in quotes, and indent a key like the keys beside it",
    zh="「: 」不能放在這裡；含有「: 」的文字請放進引號，名稱要與同層的名稱對齊",
)
BLOCK = Text(
    "block_text",
    en="after '|' or '>' the line must end, and the text stands below, evenly indented",
    zh="「|」或「>」之後要換行，文字寫在下面並整齊縮排",
)
ESCAPE = Text(
    "escape",
    en="{found!r} is no escape; in double quotes write a backslash twice, or use single quotes",
    zh="「{found}」不是跳脫字元；雙引號內的反斜線要寫兩次，或改用單引號",
)
OPEN_QUOTE = Text("open_quote", en="this quote is never closed", zh="這個引號沒有結束")
OPEN_BRACKET = Text("open_bracket", en="this bracket is never closed", zh="這個括號沒有結束")
MISSING_COMMA = Text(
    "missing_comma",
    en="{found!r} may not follow here; commas stand between items, and a text with , [ ] {{ }} in it needs quotes",
    zh="這裡不能接「{found}」；項目之間要有逗號，含有 , [ ] {{ }} 的文字請放進引號",
)
INDENTATION = Text(
    "indentation",
    en="this line is not indented like those it belongs to, which begin at line {line}",
    zh="這一行的縮排與同組的不一致；同組從第 {line} 行開始",
)
UNEXPECTED = Text("unexpected", en="{found!r} may not stand here", zh="這裡不能有「{found}」")

_ENDED = r"but (found|got) '<(stream end|document)"
_KINDS: tuple[tuple[str, Text, bool], ...] = (
    (r"'\\t' that cannot start any token", TAB, False),
    (r"cannot start any token", RESERVED, False),
    (r"could not find expected ':'", NO_COLON, True),
    (r"sequence entries are not allowed", LIST_ITEM, False),
    (r"mapping keys are not allowed", QUESTION, False),
    (r"mapping values are not allowed", COLON, False),
    (r"block scalar", BLOCK, True),
    (r"escape", ESCAPE, False),
    (r"scanning a quoted scalar", OPEN_QUOTE, True),
    (rf"flow (node|sequence|mapping).*{_ENDED}", OPEN_BRACKET, False),
    (r"parsing a flow", MISSING_COMMA, False),
    (r"parsing a block (collection|mapping)", INDENTATION, False),
)
"""What the library's words mean, and whether the mistake is where it began to read or where it stopped."""

_LINE = re.compile(r"[^\r\n]*")
_ESCAPE = re.compile(r"\\(?:[xuU][0-9A-Fa-f]{0,8}|.)?")


class Refused(Exception):
    """The text is no document of ours; nothing after the place was read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class _Events(Reader, Scanner, Parser, VersionedResolver):
    """The library's parser without what builds objects, and without what may not be used."""

    def __init__(self, text: str) -> None:
        self.comment_handling = None
        Reader.__init__(self, text, loader=self)
        Scanner.__init__(self, loader=self)
        Parser.__init__(self, loader=self)
        VersionedResolver.__init__(self, loader=self)

    def fetch_directive(self) -> NoReturn:
        self._refuse(DIRECTIVE)

    def fetch_anchor(self) -> NoReturn:
        self._refuse(ANCHOR)

    def fetch_alias(self) -> NoReturn:
        self._refuse(ALIAS)

    def fetch_tag(self) -> NoReturn:
        self._refuse(TAG)

    def _refuse(self, text: Text) -> NoReturn:
        raise Refused(Fault(text=text, place=place_of(self.get_mark())))


def events(text: str) -> Iterator[Event]:
    """The parser's events from the stream's start to its end. The text holds no control character but tab and line breaks.

    Raises Refused at the first mistake.
    """
    parser = _Events(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    except MarkedYAMLError as error:
        raise Refused(_fault(error, parser, text)) from error
    except (ValueError, OverflowError) as error:  # an escape beyond the last character
        raise Refused(_located(ESCAPE, parser.get_mark(), text)) from error


def place_of(mark: StreamMark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _fault(error: MarkedYAMLError, parser: _Events, text: str) -> Fault:
    said = f"{error.context}: {error.problem}"
    kind, from_start = next(
        ((kind, from_start) for pattern, kind, from_start in _KINDS if re.search(pattern, said)), (UNEXPECTED, False)
    )
    stopped = error.problem_mark or error.context_mark
    began = error.context_mark or stopped
    if kind is OPEN_BRACKET:
        return _located(kind, parser.marks[-1], text)
    if kind is NO_COLON and "：" in _rest_of_line(text, began.index):
        kind = WIDE_COLON
    if kind is INDENTATION and text[text.rfind("\n", 0, stopped.index) + 1 : stopped.index].strip():
        kind = UNEXPECTED
    return _located(kind, began if from_start else stopped, text, line=began.line + 1)


def _located(kind: Text, mark: StreamMark, text: str, line: int = 0) -> Fault:
    place, found = place_of(mark), _rest_of_line(text, mark.index)
    if kind is ESCAPE:
        backslash = text.rfind("\\", 0, mark.index)
        place = Place(place.line, place.column - (mark.index - backslash))
        found = next(_ESCAPE.finditer(text, backslash)).group()
    return Fault(text=kind, place=place, values={"found": clipped(found), "line": line})


def _rest_of_line(text: str, index: int) -> str:
    return next(_LINE.finditer(text, index)).group()
