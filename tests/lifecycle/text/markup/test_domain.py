import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.text.characters.domain import first_unseen
from lifecycle.text.faults.domain import Fault, Place, Text
from lifecycle.text.markup.domain import (
    ALIAS,
    ANCHOR,
    BLOCK,
    COLON,
    DIRECTIVE,
    ESCAPE,
    INDENTATION,
    LIST_ITEM,
    MISSING_COMMA,
    NO_COLON,
    OPEN_BRACKET,
    OPEN_QUOTE,
    QUESTION,
    RESERVED,
    TAB,
    TAG,
    UNEXPECTED,
    WIDE_COLON,
    Refused,
    events,
)

WRONG: list[tuple[str, Text, Place, str]] = [
    ("a:\tb", TAB, Place(1, 3), "\tb"),
    ("\ta: b", TAB, Place(1, 1), "\ta: b"),
    ("a:\n\tb: c", TAB, Place(2, 1), "\tb: c"),
    ("訂單 😀:\tb", TAB, Place(1, 6), "\tb"),
    ("a: b\tc", TAB, Place(1, 5), "\tc"),
    ("%YAML 1.1\n---\na: b", DIRECTIVE, Place(1, 1), ""),
    ("%TAG ! tag:x,2026:\n---\na: b", DIRECTIVE, Place(1, 1), ""),
    ("a: b\n...\n%YAML 1.2\n---\nc: d", DIRECTIVE, Place(3, 1), ""),
    ("a: &b [x]\nc: *b", ANCHOR, Place(1, 4), ""),
    ("&a b: c", ANCHOR, Place(1, 1), ""),
    ("if: *sore", ALIAS, Place(1, 5), ""),
    ("*a : b", ALIAS, Place(1, 1), ""),
    ("a: [*, b]", ALIAS, Place(1, 5), ""),
    ("a: !important b", TAG, Place(1, 4), ""),
    ("a: !!python/object:os.system {}", TAG, Place(1, 4), ""),
    ("!<x> a", TAG, Place(1, 1), ""),
    ("a: @b", RESERVED, Place(1, 4), "@b"),
    ("a: `b`", RESERVED, Place(1, 4), "`b`"),
    ("a: %5", RESERVED, Place(1, 4), "%5"),
    ("a: [|b]", RESERVED, Place(1, 5), "|b]"),
    ("a: 1\nb:2\nc: 3", NO_COLON, Place(2, 1), "b:2"),
    ("a: 1\n  \nrules\nc: 3", NO_COLON, Place(3, 1), "rules"),
    ("a: 1\nb：2", WIDE_COLON, Place(2, 1), "b：2"),
    ("a: - b", LIST_ITEM, Place(1, 4), "- b"),
    ("{}? a", QUESTION, Place(1, 3), "? a"),
    ("a: b: c", COLON, Place(1, 5), ": c"),
    ("a: b\n  c: d", COLON, Place(2, 4), ": d"),
    ('a: "b": c', COLON, Place(1, 7), ": c"),
    ("a: |b\n c", BLOCK, Place(1, 4), "|b"),
    ("a: >0\n b", BLOCK, Place(1, 4), ">0"),
    ("a: | b", BLOCK, Place(1, 4), "| b"),
    ('a: "C:\\dir"', ESCAPE, Place(1, 7), "\\d"),
    ('a: "\\xg0"', ESCAPE, Place(1, 5), "\\x"),
    ('a: "b\n  \\U00110000"', ESCAPE, Place(2, 3), "\\U00110000"),
    ('a: "\\UFFFFFFFF"', ESCAPE, Place(1, 5), "\\UFFFFFFFF"),
    ("a: 'b\nc: d\n", OPEN_QUOTE, Place(1, 4), "'b"),
    ('a: "b\n---\nc"', OPEN_QUOTE, Place(1, 4), '"b'),
    ("a: [1, 2\nb: c\n", MISSING_COMMA, Place(2, 2), ": c"),
    ("a: [1, 2\n", OPEN_BRACKET, Place(1, 4), "[1, 2"),
    ("a:\n  - {b: [c, d]", OPEN_BRACKET, Place(2, 5), "{b: [c, d]"),
    ("[a\n---\n", OPEN_BRACKET, Place(1, 1), "[a"),
    ("a: {if: x in [1, 2]}", MISSING_COMMA, Place(1, 14), "[1, 2]}"),
    ("a: {b: 1 c: 2}", MISSING_COMMA, Place(1, 11), ": 2}"),
    ("a: [1, 2}", MISSING_COMMA, Place(1, 9), "}"),
    ("a: [1,, 2]", MISSING_COMMA, Place(1, 7), ", 2]"),
    ("- a\nb: c", INDENTATION, Place(2, 1), "b: c"),
    ("a: b\n- c", INDENTATION, Place(2, 1), "- c"),
    ("a:\n  b: c\n d: e", INDENTATION, Place(3, 2), "d: e"),
    ("a: 'b'c", UNEXPECTED, Place(1, 7), "c"),
    ("a: 'it's'", UNEXPECTED, Place(1, 8), "s'"),
    ("[a, b]]", UNEXPECTED, Place(1, 7), "]"),
    ("a: ]", UNEXPECTED, Place(1, 4), "]"),
    ("a: ,b", UNEXPECTED, Place(1, 4), ",b"),
    ("[a] b", UNEXPECTED, Place(1, 5), "b"),
    ("a: b\n... c", UNEXPECTED, Place(2, 5), "c"),
]


def refused(text: str) -> Fault | None:
    try:
        list(events(text))
    except Refused as stopped:
        return stopped.fault
    return None


@pytest.mark.parametrize(("text", "kind", "place", "found"), WRONG, ids=[text for text, *_ in WRONG])
def test_a_mistake_is_told_where_it_is(text: str, kind: Text, place: Place, found: str) -> None:
    fault = refused(text)
    assert fault
    assert (fault.text.code, fault.place, fault.values.get("found", "")) == (kind.code, place, found)


@pytest.mark.parametrize(("text", "kind", "place", "found"), WRONG, ids=[text for text, *_ in WRONG])
def test_windows_line_ends_change_no_place(text: str, kind: Text, place: Place, found: str) -> None:
    fault = refused(text.replace("\n", "\r\n"))
    assert fault
    assert (fault.text.code, fault.place, fault.values.get("found", "")) == (kind.code, place, found)


def test_a_line_that_stands_wrong_is_told_with_those_it_belongs_to() -> None:
    fault = refused("rules:\n  a: 1\n  b:\n    c: 1\n   d: 2\n")
    assert fault
    assert fault.message("en") == "this line is not indented like those it belongs to, which begin at line 2"
    assert fault.message("zh") == "這一行的縮排與同組的不一致；同組從第 2 行開始"


def test_a_long_line_is_not_repeated() -> None:
    fault = refused("a: 'b'" + "c" * 5000)
    assert fault
    assert len(fault.message("en")) < 100


PIECES = [
    *"abc0%@`!&*?:,-=~#|>'\"[]{}\\ \t\n回：😀",
    *[
        "a: ",
        "- ",
        "? ",
        "\n  ",
        "---",
        "...",
        "<<: ",
        "\r\n",
        "\\U00110000",
        "\\x4",
        "!!int ",
        "|2-",
        "%YAML 1.1",
        "\\\n",
    ],
]
LIBRARY = re.compile(r"while (parsing|scanning)|found|expected <|token|codec|stream", re.IGNORECASE)


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_whatever_is_wrong_is_told_in_both_languages_at_a_place_inside(text: str) -> None:
    assert first_unseen(text) is None
    fault = refused(text)
    if fault is None:
        return
    lines = text.split("\n")
    assert fault.place
    assert 1 <= fault.place.line <= len(lines)
    assert 1 <= fault.place.column <= len(lines[fault.place.line - 1]) + 1
    for message in (fault.message("en"), fault.message("zh")):
        assert not LIBRARY.search(message)
        assert "''" not in message or "''" in text
        assert "「」" not in message
