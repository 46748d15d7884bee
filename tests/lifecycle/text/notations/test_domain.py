import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.text.characters.domain import first_unseen
from lifecycle.text.documents.domain import Mapping, Scalar, read_document
from lifecycle.text.faults.domain import Place
from lifecycle.text.notations.domain import (
    WHOLE,
    as_code,
    as_flag,
    as_range,
    as_share,
    as_text,
    as_whole,
    parse_range,
    parse_share,
    parse_whole,
)
from lifecycle.text.readers.domain import Reader, read

FIELD = re.compile(r"[a-z_]+\.[a-z_]+")


def reading(reader: Reader[object], text: str) -> object:
    """The value of `a` in the document `a: …`; a fault's English instead."""
    node, faults = read_document(f"a: {text}")
    assert not faults
    assert isinstance(node, Mapping)
    value, told = read(reader, node.pairs[0][1])
    assert (value is None) == bool(told)
    return value if not told else "; ".join(map(str, told)).removeprefix("1:4: ")


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (as_text(), "回頭", "回頭"),
        (as_text(), "'NO'", "NO"),
        (as_text(), "NO", "NO"),
        (as_text(), "12", "12"),
        (as_text(), "'~'", "~"),
        (as_text(), "''", ""),
        (as_text(pattern=FIELD, like="profile.tz"), "member.consent", "member.consent"),
        (as_code(), "say_hello_2", "say_hello_2"),
        (as_code(), "'on'", "on"),
        (as_whole(-5, 100), "0", 0),
        (as_whole(-5, 100), "-5", -5),
        (as_whole(-5, 100), "100", 100),
        (as_flag(), "true", True),
        (as_flag(), "false", False),
        (as_share(), "5%", 500),
        (as_share(), "0.05", 500),
        (as_share(), "0.5%", 50),
        (as_share(), "0.01%", 1),
        (as_share(), "0%", 0),
        (as_share(), "100%", WHOLE),
        (as_share(), "1.0", WHOLE),
        (as_range(1, 30), "1..7", (1, 7)),
        (as_range(1, 30), "7..7", (7, 7)),
    ],
)
def test_what_is_meant_is_read(reader: Reader[object], text: str, value: object) -> None:
    assert reading(reader, text) == value


@pytest.mark.parametrize(
    ("reader", "text", "instead"),
    [
        (as_whole(0, 5000), "012", "12"),
        (as_whole(0, 5000), "0o17", "15"),
        (as_whole(0, 5000), "0x1F", "31"),
        (as_whole(0, 5000), "1_000", "1000"),
        (as_whole(0, 5000), "1,000", "1000"),
        (as_whole(0, 5000), "1e3", "1000"),
        (as_whole(0, 5000), "+5", "5"),
        (as_whole(0, 5000), "5.0", "5"),
        (as_whole(0, 5000), "１２", "12"),
        (as_whole(0, 5000), '"12"', "12"),
        (as_flag(), "yes", "true"),
        (as_flag(), "ON", "true"),
        (as_flag(), "True", "true"),
        (as_flag(), "是", "true"),
        (as_flag(), "NO", "false"),
        (as_flag(), "n", "false"),
        (as_flag(), "'true'", "true"),
        (as_share(), "5％", "5%"),
        (as_share(), "5 %", "5%"),
        (as_share(), ".05", "0.05"),
        (as_range(1, 30), "1...7", "1..7"),
        (as_range(1, 30), "1 .. 7", "1..7"),
        (as_range(1, 30), "1~7", "1..7"),
        (as_code(), "Say-Hello", "say_hello"),
        (as_code(), "ｖｉｐ", "vip"),
    ],
)
def test_what_is_nearly_right_is_refused_with_what_to_write(reader: Reader[object], text: str, instead: str) -> None:
    assert reading(reader, text) == f"write {instead} instead of {text}"


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (as_text(), "", "nothing stands here; write a value or leave the key out"),
        (as_text(), "~", "nothing stands here; write a value or leave the key out"),
        (as_text(), "null", "nothing stands here; write a value or leave the key out"),
        (as_text(), "[a, b]", "one value is expected here, not […]"),
        (as_text(), "{b: c}", "one value is expected here, not {…}"),
        (as_text(3), "回頭回頭", "4 characters stand here; at most 3 may"),
        (as_text(pattern=FIELD, like="profile.tz"), "consent", "'consent' is not written like 'profile.tz'"),
        (as_code(), "七天", "'七天' is no name; write small letters, digits and _, a letter first, at most 64"),
        (as_whole(0, 100), "many", "'many' is no whole number"),
        (as_whole(0, 100), ".inf", "'.inf' is no whole number"),
        (as_whole(0, 100), "''", "'' is no whole number"),
        (as_whole(0, 100), "5.5", "'5.5' is no whole number"),
        (as_whole(0, 100), "21:30", "'21:30' is no whole number"),
        (as_whole(0, 100), "101", "101 is not from 0 to 100"),
        (as_whole(0, 100), "-1", "-1 is not from 0 to 100"),
        (as_flag(), "1", "'1' is neither true nor false"),
        (as_flag(), "maybe", "'maybe' is neither true nor false"),
        (as_range(1, 30), "7..1", "7..1 is not from 1 to 30"),
        (as_range(1, 30), "0..7", "0..7 is not from 1 to 30"),
        (as_range(1, 30), "1-7", "'1-7' is no range; write 1..7"),
    ],
)
def test_what_is_wrong_is_refused_with_what_was_expected(reader: Reader[object], text: str, message: str) -> None:
    assert reading(reader, text) == message


@pytest.mark.parametrize("text", ["1", "5", "101%", "100.01%", "0.005%", "1.0001", "0.00001", "-5%", "five"])
def test_a_share_is_a_per_cent_or_has_a_point(text: str) -> None:
    assert str(reading(as_share(), text)).startswith(f"'{text}' is no share; write 5% or 0.05")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("reader", [as_whole(0, 9), as_code(), as_flag(), as_share(), as_range(0, 9)])
def test_a_very_long_number_costs_little_and_is_not_repeated(reader: Reader[object]) -> None:
    for text in ("9" * 200_000, "１" * 80_000, "0." * 100_000, "a-" * 100_000):
        assert len(str(reading(reader, text))) < 250


@given(st.integers(-(10**12), 10**12))
def test_whole_numbers_read_back(number: int) -> None:
    assert parse_whole(str(number)) == number


@given(st.integers(0, WHOLE))
def test_shares_read_back_however_they_are_written(share: int) -> None:
    assert parse_share(f"{share // 100}.{share % 100:02}%") == share
    assert parse_share(f"{share // WHOLE}.{share % WHOLE:04}") == share


@given(st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_ranges_read_back(low: int, high: int) -> None:
    assert parse_range(f"{low}..{high}") == (low, high)


READERS: list[Reader[object]] = [as_text(9), as_code(), as_whole(0, 9), as_flag(), as_share(), as_range(0, 9)]


@given(st.text().filter(lambda text: first_unseen(text) is None), st.sampled_from(["", "'"]), st.sampled_from(READERS))
def test_any_text_is_a_value_or_one_fault(text: str, quote: str, reader: Reader[object]) -> None:
    value, faults = read(reader, Scalar(text, Place(1, 1), quote + text + quote))
    assert (value is None) == (len(faults) == 1)
    for fault in faults:
        assert fault.message("en")
        assert fault.message("zh")
