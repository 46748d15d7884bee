import re
from collections import Counter
from importlib import import_module
from pkgutil import walk_packages
from string import Formatter

import pytest

import lifecycle
from lifecycle.text.faults.domain import Fault, Place, Text, clipped

MODULES = [name for _, name, _ in walk_packages(lifecycle.__path__, "lifecycle.") if not name.endswith("__main__")]
TEXTS = {
    id(value): value for name in MODULES for value in vars(import_module(name)).values() if isinstance(value, Text)
}.values()
NO_METRIC = Text("no_metric", en="no metric {name!r}", zh="沒有指標「{name}」")


def places_to_fill(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text)} - {None}


def test_no_two_texts_share_a_code() -> None:
    assert len(TEXTS) > 40
    assert [code for code, times in Counter(text.code for text in TEXTS).items() if times > 1] == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.code)
def test_every_text_says_the_same_in_both_languages(text: Text) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", text.code)
    assert text.en.strip()
    assert re.search(r"[\u4e00-\u9fff]", text.zh)
    assert not re.search(r"[\u4e00-\u9fff]", text.en)
    assert places_to_fill(text.en) == places_to_fill(text.zh)


def test_a_fault_speaks_both_languages() -> None:
    fault = Fault(text=NO_METRIC, values={"name": "訂單"})
    assert fault.message("en") == "no metric '訂單'"
    assert fault.message("zh") == "沒有指標「訂單」"


@pytest.mark.parametrize(
    ("path", "place", "printed"),
    [
        ("rules.welcome.if", Place(3, 7), "3:7: rules.welcome.if: no metric 'x'"),
        ("rules.welcome.if", None, "rules.welcome.if: no metric 'x'"),
        ("", Place(3, 7), "3:7: no metric 'x'"),
        ("", None, "no metric 'x'"),
    ],
)
def test_a_fault_prints_with_what_is_known_of_where_it_is(path: str, place: Place | None, printed: str) -> None:
    assert str(Fault(text=NO_METRIC, path=path, place=place, values={"name": "x"})) == printed


def test_what_an_operator_wrote_may_look_like_a_place_to_fill_in() -> None:
    assert Fault(text=NO_METRIC, values={"name": "{name}"}).message("en") == "no metric '{name}'"


def test_places_are_in_reading_order() -> None:
    assert sorted([Place(2, 1), Place(1, 9), Place(1, 10)]) == [Place(1, 9), Place(1, 10), Place(2, 1)]


def test_a_message_repeats_no_more_than_a_little() -> None:
    assert clipped("short") == "short"
    assert clipped("回" * 41) == "回" * 39 + "…"
    assert clipped("回" * 40) == "回" * 40
