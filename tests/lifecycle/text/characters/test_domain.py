import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.text.characters.domain import MOST_BYTES, NOT_UTF8, TOO_LARGE, UNSEEN, decoded, first_unseen, place_in
from lifecycle.text.faults.domain import Fault, Place

SEEN = "回頭 😀👩‍👩‍👧 ａ：，\t\n\r\n~"


@pytest.mark.parametrize("source", [SEEN, SEEN.encode(), "\ufeff" + SEEN, ("\ufeff" + SEEN).encode()])
def test_utf8_is_read_with_or_without_a_byte_order_mark(source: str | bytes) -> None:
    assert decoded(source) == SEEN


@pytest.mark.parametrize(
    ("source", "code", "place"),
    [
        ("a\0b", "U+0000", Place(1, 2)),
        (b"a: \x1b[31m", "U+001B", Place(1, 4)),
        ("😀😀\x7f", "U+007F", Place(1, 3)),
        ("a\r\nb\x85", "U+0085", Place(2, 2)),
        ("a\n\n\u2028", "U+2028", Place(3, 1)),
        ("a\u2029", "U+2029", Place(1, 2)),
        ("a\rb", "U+000D", Place(1, 2)),
        ("a\u200b", "U+200B", Place(1, 2)),
        ("if: \u202eorders", "U+202E", Place(1, 5)),
        ("\ufeff\ufeffa", "U+FEFF", Place(1, 1)),
        ("a\ud800", "U+D800", Place(1, 2)),
        ("\uffff", "U+FFFF", Place(1, 1)),
    ],
)
def test_what_nobody_can_see_is_shown(source: str | bytes, code: str, place: Place) -> None:
    assert decoded(source) == Fault(text=UNSEEN, place=place, values={"code": code})


@pytest.mark.parametrize(
    ("source", "byte", "place"),
    [
        (b"\xff\xfea\0", "0xFF", Place(1, 1)),
        ("回頭\n訂單".encode()[:-1], "0xE5", Place(2, 2)),
        ("\ufeff回".encode() + "頭".encode("big5"), "0xC0", Place(1, 2)),
        (b"a\n\xed\xa0\x80", "0xED", Place(2, 1)),
    ],
)
def test_another_encoding_is_told_at_its_first_byte(source: bytes, byte: str, place: Place) -> None:
    assert decoded(source) == Fault(text=NOT_UTF8, place=place, values={"byte": byte})


@pytest.mark.parametrize("source", ["a" * MOST_BYTES, b"a" * MOST_BYTES, "回" * (MOST_BYTES // 3)])
def test_as_much_as_is_allowed_is_read(source: str | bytes) -> None:
    assert isinstance(decoded(source), str)


@pytest.mark.parametrize(
    "source",
    ["a" * (MOST_BYTES + 1), b"a" * (MOST_BYTES + 1), "回" * (MOST_BYTES // 3 + 1), b"\xff" * 10_000_000],
    ids=["text", "bytes", "characters", "garbage"],
)
def test_the_limit_counts_bytes(source: str | bytes) -> None:
    assert decoded(source) == Fault(text=TOO_LARGE, place=Place(1, 1), values={"most": MOST_BYTES})


@given(st.binary() | st.text())
def test_anything_is_a_text_to_be_seen_or_one_fault_inside_it(source: str | bytes) -> None:
    found = decoded(source)
    if isinstance(found, str):
        assert first_unseen(found) is None
    else:
        assert found.place
        text = source if isinstance(source, str) else source.decode(errors="replace")
        lines = text.split("\n")
        assert found.place.line <= len(lines)
        assert found.place.column <= len(lines[found.place.line - 1])


@given(st.text(alphabet="a回😀\n"), st.integers(0, 30))
def test_lines_and_columns_count_characters_from_one(text: str, index: int) -> None:
    before = text[:index].split("\n")
    assert place_in(text, len(text[:index])) == Place(len(before), len(before[-1]) + 1)
