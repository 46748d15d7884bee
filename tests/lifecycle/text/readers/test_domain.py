from datetime import timedelta

import pytest

from lifecycle.calendars.domain import Span
from lifecycle.text.documents.domain import Node, read_document
from lifecycle.text.durations.domain import as_duration
from lifecycle.text.faults.domain import MOST_FAULTS, Place, Text
from lifecycle.text.notations.domain import as_code, as_text, as_whole
from lifecycle.text.readers.domain import Reader, as_one_of, as_word, by_kind, read, such_that, then
from lifecycle.text.shapes.domain import as_list

ODD = Text("odd", en="{found} is not even; the next is {next}", zh="{found} 不是偶數；下一個是 {next}")


def node_of(text: str) -> Node:
    node, faults = read_document(text)
    assert not faults
    assert node
    return node


def reading(reader: Reader[object], text: str) -> object:
    value, faults = read(reader, node_of(text))
    assert (value is None) == bool(faults)
    return value if value is not None else [str(fault) for fault in faults]


WAIT = as_word({"same_day": "same_day"}, as_duration())
CLASS = as_one_of(("service", "promo"))


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (CLASS, "promo", "promo"),
        (CLASS, "'promo'", "promo"),
        (WAIT, "same_day", "same_day"),
        (WAIT, "48h", timedelta(days=2)),
        (as_word({"none": False}), "none", False),
        (by_kind(text=as_code(), listed=as_list(as_code())), "a", "a"),
        (by_kind(text=as_code(), listed=as_list(as_code())), "[a, b]", ("a", "b")),
        (then(as_duration(), str), "7d", "7d"),
        (such_that(as_whole(0, 9), lambda n: n % 2 == 0, ODD, next=2), "4", 4),
    ],
)
def test_what_is_meant_is_read(reader: Reader[object], text: str, value: object) -> None:
    assert reading(reader, text) == value


@pytest.mark.parametrize(
    ("reader", "text", "fault"),
    [
        (CLASS, "promos", "1:1: 'promos' is not known here; did you mean 'promo'? There are: service, promo"),
        (CLASS, "Service", "1:1: 'Service' is not known here; did you mean 'service'? There are: service, promo"),
        (CLASS, "vip", "1:1: 'vip' is not known here; there are: service, promo"),
        (CLASS, "~", "1:1: nothing stands here; write a value or leave the key out"),
        (CLASS, "[promo]", "1:1: one value is expected here, not […]"),
        (WAIT, "sameday", "1:1: 'sameday' is not known here; did you mean 'same_day'? There are: same_day"),
        (WAIT, "7 days", "1:1: write 7d instead of 7 days"),
        (WAIT, "{a: b}", "1:1: one value is expected here, not {…}"),
        (by_kind(text=as_code(), listed=as_list(as_code())), "{a: b}", "1:1: one value is expected here, not {…}"),
        (by_kind(listed=as_list(as_code())), "a", "1:1: a list is expected here, not a"),
        (such_that(as_whole(0, 9), lambda n: n % 2 == 0, ODD, next=2), "3", "1:1: 3 is not even; the next is 2"),
        (such_that(as_whole(0, 9), lambda n: n % 2 == 0, ODD, next=2), "x", "1:1: 'x' is no whole number"),
        (
            then(as_duration(), str),
            "x",
            "1:1: 'x' is no length of time; write 7d, 2w, 1mo, 36h or 90m, at most 3650 days",
        ),
    ],
)
def test_what_is_wrong_is_told_once(reader: Reader[object], text: str, fault: str) -> None:
    assert reading(reader, text) == [fault]


def test_a_suggestion_speaks_chinese() -> None:
    _, (fault,) = read(CLASS, node_of("promos"))
    assert fault.message("zh") == "這裡沒有「promos」；是指「promo」嗎？可用的有：service, promo"


def test_many_names_are_not_all_repeated() -> None:
    _, (fault,) = read(as_one_of([f"event_{n}" for n in range(1000)]), node_of("x" * 10_000))
    assert len(fault.message("en")) < 600


def test_faults_come_in_the_order_of_the_document() -> None:
    _, faults = read(as_list(as_text(1), most=1), node_of("- aa\n- bb\n"))
    assert [fault.place for fault in faults] == [Place(1, 1), Place(1, 3), Place(2, 3)]


@pytest.mark.timeout(20)
def test_a_reading_stops_where_nobody_would_mend_more() -> None:
    names = as_one_of([f"event_{n}" for n in range(100)])
    value, faults = read(as_list(names, most=20_000), node_of("[" + "evnt_x," * 19_000 + "]"))
    assert value is None
    assert len(faults) == MOST_FAULTS


def test_reading_twice_remembers_nothing() -> None:
    assert reading(as_duration(), "x") == reading(as_duration(), "x")
    assert reading(as_duration(), "7d") == Span(7)
