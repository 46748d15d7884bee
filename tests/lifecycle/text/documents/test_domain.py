import json
import re
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.text.characters.domain import MOST_BYTES, NOT_UTF8, TOO_LARGE, UNSEEN, first_unseen
from lifecycle.text.documents.domain import (
    DEEPEST,
    DUPLICATE,
    EMPTY,
    ESCAPED,
    KEY,
    MERGE,
    MOST_NODES,
    SECOND,
    TOO_DEEP,
    TOO_MANY,
    WIDE_SPACE,
    Mapping,
    Node,
    Scalar,
    Sequence,
    read_document,
)
from lifecycle.text.faults.domain import MOST_FAULTS, Place, Text
from lifecycle.text.markup.domain import ANCHOR, COLON

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"


def document(text: str) -> Node:
    node, faults = read_document(text)
    assert not faults
    assert node
    return node


def plain(node: Node) -> Plain:
    match node:
        case Scalar(text):
            return text
        case Sequence(items):
            return [plain(item) for item in items]
        case Mapping(pairs):
            return {key.text: plain(value) for key, value in pairs}


def scalars(node: Node) -> list[Scalar]:
    match node:
        case Scalar():
            return [node]
        case Sequence(items):
            return [scalar for item in items for scalar in scalars(item)]
        case Mapping(pairs):
            return [scalar for pair in pairs for part in pair for scalar in scalars(part)]


@pytest.mark.parametrize(
    "text",
    [
        "on",
        "off",
        "yes",
        "NO",
        "n",
        "y",
        "true",
        "TRUE",
        "null",
        "Null",
        "~",
        "=",
        "<<",
        "012",
        "0o17",
        "0x1F",
        "1_000",
        "1e3",
        ".inf",
        "-.INF",
        ".nan",
        "21:30",
        "190:20:30",
        "2026-10-01",
        "5%",
        "+1",
        "1.",
    ],
)
def test_a_text_stays_the_text_that_stands_there(text: str) -> None:
    assert plain(document(f"a: {text}")) == {"a": text}
    assert plain(document(f"- {text}")) == [text]
    assert plain(document(f"[{text}]")) == [text]
    if text != "<<":
        assert plain(document(f"{text}: a")) == {text: "a"}
        assert plain(document(f"{{{text}: a}}")) == {text: "a"}


def test_nodes_know_where_they_stand() -> None:
    node = document("# 策略\nrules:\n  welcome: {when: '😀', do: [a]}\n")
    assert isinstance(node, Mapping)
    assert node.place == Place(2, 1)
    rules = node.pairs[0][1]
    assert isinstance(rules, Mapping)
    assert rules.place == Place(3, 3)
    welcome = rules.pairs[0][1]
    assert isinstance(welcome, Mapping)
    assert welcome.place == Place(3, 12)
    assert [(key.text, key.place, value.place) for key, value in welcome.pairs] == [
        ("when", Place(3, 13), Place(3, 19)),
        ("do", Place(3, 24), Place(3, 28)),
    ]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("a", False), ("'a'", True), ('"a"', True), ("|\n a", True), (">-\n a", True), ("a'b'", False), ("a|", False)],
)
def test_a_quoted_text_is_known_from_a_bare_one(text: str, quoted: bool) -> None:
    node = document(text)
    assert isinstance(node, Scalar)
    assert node.quoted is quoted


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        ("if: orders.count(all) > 1", "count", Place(1, 12)),
        ("if:   'never(it''s, orders)'", "orders", Place(1, 21)),
        ('if: "\\u8a02\\t\\"\\x21 orders"', "orders", Place(1, 21)),
        ('if: "a\\\n  \\ b orders"', "orders", Place(2, 7)),
        ("if: never(orders,\n  checkins)", "checkins", Place(2, 3)),
        ("if: 'a\n\n   orders'", "orders", Place(3, 4)),
        ("if: |\n  a\n  訂單 orders\n", "orders", Place(3, 6)),
        ("if: >-  # why\n\n    a\n    orders\n", "orders", Place(4, 5)),
        ("if: |2\n    a orders\n", "orders", Place(2, 7)),
        ("if: a\r\n  😀 orders", "orders", Place(2, 5)),
    ],
)
def test_a_word_within_a_text_is_found_in_the_document(text: str, word: str, place: Place) -> None:
    node = document(text)
    assert isinstance(node, Mapping)
    value = node.pairs[0][1]
    assert isinstance(value, Scalar)
    assert value.at(value.text.index(word)) == place


@pytest.mark.parametrize("text", ["'a > '", '"a > "', "a >", "|\n a >\n"])
def test_what_is_missing_at_the_end_is_missing_after_the_last_word(text: str) -> None:
    node = document(text)
    assert isinstance(node, Scalar)
    line = text.split("\n")[node.at(len(node.text)).line - 1]
    assert line[: node.at(len(node.text)).column - 1].endswith("a >")


def test_json_is_yaml_with_its_pairs_for_one_character() -> None:
    tree: Plain = {"a": ["😀b", "\u2603"], "c": {"d": ""}}
    node = document(json.dumps(tree, indent=2))
    assert plain(node) == tree
    assert scalars(node)[1].at(1) == Place(3, 18)


def test_an_empty_text_begins_within_its_quotes() -> None:
    node = document("''")
    assert isinstance(node, Scalar)
    assert node.at(0) == Place(1, 2)


WRONG: list[tuple[str | bytes, Text, Place, str]] = [
    ("", EMPTY, Place(1, 1), ""),
    ("\ufeff", EMPTY, Place(1, 1), ""),
    ("# 策略\n", EMPTY, Place(1, 1), ""),
    ("---\n", EMPTY, Place(2, 1), ""),
    ("a: 1\n---\nb: 2", SECOND, Place(2, 1), ""),
    ("a: 1\n...\nb: 2", SECOND, Place(3, 1), ""),
    ("? [a]\n: b", KEY, Place(1, 3), ""),
    ("{{a: b}: c}", KEY, Place(1, 2), ""),
    ("a:\n  : b", KEY, Place(2, 3), "a"),
    ("'': b", KEY, Place(1, 1), ""),
    ("? |\n  a\n: b", KEY, Place(1, 3), ""),
    ("a:\n  <<: {b: c}", MERGE, Place(2, 3), "a"),
    ("a: 1\nb: 2\na: 3", DUPLICATE, Place(3, 1), "a"),
    ('a: 1\n"a": 2', DUPLICATE, Place(2, 1), "a"),
    ("a: {b: [{c: 1, d: 2, 'c': 3}]}", DUPLICATE, Place(1, 22), "a.b[1].c"),
    ('{"\\x61": 1, a: 2}', DUPLICATE, Place(1, 13), "a"),
    ("\u3000a: b", WIDE_SPACE, Place(1, 1), ""),
    ("a:\n  b: c\u00a0", WIDE_SPACE, Place(2, 6), "a.b"),
    ('a: "b\\0"', ESCAPED, Place(1, 6), "a"),
    ('a: "\\ud800"', ESCAPED, Place(1, 5), "a"),
    ("a: b\0", UNSEEN, Place(1, 5), ""),
    (b"a: \xff", NOT_UTF8, Place(1, 4), ""),
    ("[" * (DEEPEST + 1), TOO_DEEP, Place(1, 17), "[1]" * 16),
    ("a: b: c", COLON, Place(1, 5), ""),
]


@pytest.mark.parametrize(("text", "kind", "place", "path"), WRONG, ids=[repr(text) for text, *_ in WRONG])
def test_a_document_that_policies_do_not_need_is_refused(
    text: str | bytes, kind: Text, place: Place, path: str
) -> None:
    node, faults = read_document(text)
    assert node is None
    assert [(fault.text.code, fault.place, fault.path) for fault in faults] == [(kind.code, place, path)]


def test_every_fault_is_told_up_to_where_the_reading_stops() -> None:
    _, faults = read_document("a: 1\na: 2\nb: {<<: c}\nd: &e f\ng: *e\n")
    assert [str(fault) for fault in faults] == [
        "2:1: a: 'a' stands here a second time; the first is at line 1",
        "3:5: b: '<<' may not be used here; write the keys out",
        "4:4: '&' begins an anchor, which may not be used here; put a text that begins with it in quotes",
    ]


def test_no_more_faults_are_told_than_anyone_would_mend() -> None:
    _, faults = read_document("a: b\n" * 1000)
    assert len(faults) == MOST_FAULTS


LAUGHS = "a: &a [x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (LAUGHS, ANCHOR),
        ("a: b\n" * 2_000_000, TOO_LARGE),
        (b"\xff" * 10_000_000, TOO_LARGE),
        ("[" * 100_000, TOO_DEEP),
        ("{a: " * 60_000, TOO_DEEP),
        ("- " * 100_000, TOO_DEEP),
        ("".join(f"{'  ' * depth}a:\n" for depth in range(500)), TOO_DEEP),
        ("[" + "a," * 100_000 + "]", TOO_MANY),
        ("- a\n" * 60_000, TOO_MANY),
        ("".join(f"a{n}: b\n" for n in range(MOST_NODES)), TOO_MANY),
        (" " * MOST_BYTES, EMPTY),
        ("#\n" * 100_000, EMPTY),
        (":" * MOST_BYTES, COLON),
    ],
    ids=lambda value: value.code if isinstance(value, Text) else f"{value[:6]!r}…",
)
def test_what_would_cost_much_is_refused_at_once(text: str | bytes, kind: Text) -> None:
    node, faults = read_document(text)
    assert node is None
    assert [fault.text.code for fault in faults] == [kind.code]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "a" * MOST_BYTES,
        "a " * (MOST_BYTES // 2),
        "'" + "a\n" * (MOST_BYTES // 2 - 1) + "'",
        '"' + "\\n" * (MOST_BYTES // 2 - 1) + '"',
        "|\n" + " a\n" * (MOST_BYTES // 3 - 1),
    ],
    ids=["plain", "words", "folded", "escapes", "block"],
)
def test_a_very_long_text_is_one_text(text: str) -> None:
    assert isinstance(document(text), Scalar)


def test_as_much_as_is_allowed_is_read() -> None:
    assert plain(document("[" * DEEPEST + "]" * DEEPEST))
    assert len(scalars(document("[" + "a," * (MOST_NODES - 1) + "]"))) == MOST_NODES - 1


PIECES = [
    *"ab0%@!&*?:,-=~#|>'\"[]{}\\ \t\n\0回：😀\u2028\ufeff",
    *["a: ", "a: ", "- ", "\n", "\n", "\n  ", "---\n", "...\n", "<<: ", "\r\n", '"a": ', "'", "\\ud800", "|\n  "],
]
ODD = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(st.binary() | st.text() | ODD | ODD.map(str.encode) | st.builds(bytes.__add__, ODD.map(str.encode), st.binary()))
def test_anything_is_a_document_or_has_faults_inside_it(source: str | bytes) -> None:
    node, faults = read_document(source)
    assert (node is None) == bool(faults)
    text = source if isinstance(source, str) else source.decode(errors="replace")
    lines = text.removeprefix("\ufeff").split("\n")
    for fault in faults:
        assert fault.place
        assert 1 <= fault.place.line <= len(lines)
        assert 1 <= fault.place.column <= len(lines[fault.place.line - 1]) + 1
        assert fault.message("en")
        assert re.search(r"[\u4e00-\u9fff]", fault.message("zh"))
    for scalar in scalars(node) if node else ():
        assert first_unseen(scalar.text) is None


seen = st.text(max_size=20).filter(lambda text: first_unseen(text) is None)
bare = st.from_regex(r"[a-z_回頭😀][a-z0-9_.~()<>=/ 回頭😀-]*", fullmatch=True).map(str.strip)
texts = (
    seen
    | bare
    | st.sampled_from(["", "on", "it's", '"', "\\", "a: b", "# a", "- a", "~", "[a]", "a\nb", " a ", "\r\n"])
)
keys = (seen | bare).filter(lambda text: text and "\n" not in text)
trees = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
)
BARE = re.compile(r"[a-z_回頭😀](?:[a-z0-9_.~()<>=/回頭😀 -]*[a-z0-9_.~()<>=/回頭😀-])?")


class Writer:
    """Writes plain data as YAML, in every style that fits, as drawn."""

    def __init__(self, draw: st.DataObject) -> None:
        self.draw = draw

    def text(self, text: str) -> str:
        styles = [json.dumps(text), json.dumps(text, ensure_ascii=False)]
        if not re.search(r"[\t\r\n]", text):
            styles.append("'" + text.replace("'", "''") + "'")
        if BARE.fullmatch(text):
            styles.append(text)
        return self.draw.draw(st.sampled_from(styles))

    def flow(self, tree: Plain) -> str:
        match tree:
            case str():
                return self.text(tree)
            case list():
                return f"[{', '.join(map(self.flow, tree))}]"
            case dict():
                return f"{{{', '.join(f'{self.text(key)}: {self.flow(value)}' for key, value in tree.items())}}}"

    def block(self, tree: Plain, indent: str = "") -> str:
        """What stands after `- ` or `key:`, or is the whole."""
        if isinstance(tree, str) or not tree or self.draw.draw(st.booleans()):
            return " " + self.flow(tree)
        if isinstance(tree, list):
            return "".join(f"\n{indent}-{self.block(item, indent + '  ')}" for item in tree)
        return "".join(f"\n{indent}{self.text(key)}:{self.block(value, indent + ' ')}" for key, value in tree.items())


@given(trees, st.data())
def test_plain_data_written_as_yaml_reads_back_equal(tree: Plain, draw: st.DataObject) -> None:
    assert plain(document(Writer(draw).block(tree))) == tree


@given(trees, st.data())
def test_each_word_of_each_text_is_found_again(tree: Plain, draw: st.DataObject) -> None:
    written = Writer(draw).block(tree)
    lines = written.split("\n")
    for scalar in scalars(document(written)):
        for offset, character in enumerate(scalar.text):
            place = scalar.at(offset)
            there = lines[place.line - 1][place.column - 1 :]
            assert character in " \t\r\n" or there.startswith((character, "\\"))
