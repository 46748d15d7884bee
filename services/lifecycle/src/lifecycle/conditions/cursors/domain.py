"""A cursor 游標 over the tokens of a condition, which counts what is built from them and how deep it stands.

What cannot be read ends the reading: Unreadable carries the fault.
"""

from collections.abc import Callable
from typing import TypeVar

from lifecycle.conditions.syntax.domain import Syntax
from lifecycle.conditions.tokens.domain import Token, excerpt, fault_at
from lifecycle.text.faults.domain import Fault, Said, Text

MOST_DEEP, MOST_NODES = 32, 200

TOO_DEEP = Text(
    "condition_too_deep",
    en="brackets and not stand at most {most} deep in one another; a part may become a segment",
    zh="括號和 not 最多套 {most} 層；可以把一部分改成分群",
)
TOO_LARGE = Text(
    "condition_too_large",
    en="a condition has at most {most} parts; some of it may become a segment",
    zh="條件最多由 {most} 個部分組成；可以把一部分改成分群",
)
EMPTY = Text(
    "condition_empty",
    en="nothing is written here; what holds for everybody is written always",
    zh="這裡是空的；對所有人都成立要寫 always",
)
MISSING = Text("part_missing", en="something is missing before '{found}'", zh="「{found}」前面少了內容")
MISSING_AT_END = Text("end_missing", en="something is missing after '{before}'", zh="「{before}」後面少了內容")
UNEXPECTED = Text(
    "unexpected_word",
    en="'{found}' cannot follow '{before}'; conditions are joined by and, or, and names by commas",
    zh="「{found}」不能接在「{before}」後面；條件之間用 and、or 連接，名稱之間用逗號",
)
UNCLOSED = Text(
    "unclosed_bracket", en="the '{opening}' that opens here is not closed", zh="這裡開頭的「{opening}」沒有關上"
)

_CLOSING = {"(": ")", "[": "]"}

T = TypeVar("T")
S = TypeVar("S", bound=Syntax)


class Unreadable(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Cursor:
    def __init__(self, source: str, tokens: tuple[Token, ...]) -> None:
        self.source = source
        self._tokens = tokens
        self._next = 0
        self._deep = 0
        self._nodes = 0

    @property
    def here(self) -> Token:
        return self._tokens[self._next]

    @property
    def end(self) -> int:
        """Where what was read so far ends."""
        return self._tokens[self._next - 1].end if self._next else 0

    def stands(self, *words: str, ahead: int = 0) -> bool:
        """Whether one of these words or signs is here, or that far ahead."""
        token = self._tokens[min(self._next + ahead, len(self._tokens) - 1)]
        return token.kind in {"name", "sign"} and token.text in words

    def take(self) -> Token:
        token = self.here
        self._next += token.kind != "end"
        return token

    def takes(self, word: str) -> bool:
        return self.stands(word) and bool(self.take())

    def made(self, node: S) -> S:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise self.wrong(TOO_LARGE, node.start, most=MOST_NODES)
        return node

    def deeper(self, read: Callable[[], T]) -> T:
        self._deep += 1
        if self._deep > MOST_DEEP:
            raise self.wrong(TOO_DEEP, most=MOST_DEEP)
        found = read()
        self._deep -= 1
        return found

    def within(self, read: Callable[[], T]) -> T:
        """What stands between the bracket here and its other half."""
        opening = self.take()
        found = self.deeper(read)
        if not self.takes(_CLOSING[opening.text]):
            if self.here.kind == "end" or self.stands(*_CLOSING.values()):
                raise self.wrong(UNCLOSED, opening.start, opening=opening.text)
            raise self.unexpected()
        return found

    def separated(self, read: Callable[[], T]) -> tuple[T, ...]:
        """By commas, up to a closing bracket; perhaps nothing."""
        if self.stands(*_CLOSING.values()):
            return ()
        found = [read()]
        while self.takes(","):
            found.append(read())
        return tuple(found)

    def missing(self) -> Unreadable:
        if not self._next and self.here.kind == "end":
            return self.wrong(EMPTY)
        if self.here.kind == "end":
            return self.wrong(MISSING_AT_END, before=self._told(self._next - 1))
        return self.wrong(MISSING, found=self._told(self._next))

    def unexpected(self) -> Unreadable:
        return self.wrong(UNEXPECTED, found=self._told(self._next), before=self._told(self._next - 1))

    def wrong(self, text: Text, start: int | None = None, **values: Said) -> Unreadable:
        return Unreadable(fault_at(self.source, self.here.start if start is None else start, text, **values))

    def _told(self, index: int) -> str:
        token = self._tokens[index]
        return excerpt(self.source, token.start, token.end)
