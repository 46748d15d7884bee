"""Whatever is written is read, or told what is wrong with it."""

import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.conditions import accepted, conditions, read, refusals
from factories.policies import SMALL_POLICY
from lifecycle.conditions.checking.domain import Read, read_condition
from lifecycle.conditions.cursors.domain import MOST_DEEP, MOST_NODES
from lifecycle.conditions.expressions.domain import Condition
from lifecycle.conditions.grammar.domain import MOST_CHARACTERS
from lifecycle.conditions.scopes.domain import RESERVED, AskedIn, Counted, Scope
from lifecycle.conditions.tokens.domain import cut

PAGE = Path(__file__).resolve().parents[4] / "docs" / "policy-language.md"

places: st.SearchStrategy[AskedIn] = st.sampled_from(get_args(AskedIn))
trees = places.flatmap(lambda asked_in: st.tuples(st.just(asked_in), conditions(asked_in)))
PIECES = """and or not in ( ) [ ] , .. . > = != - * + 30 30d 36h 1.5 5x 99999999999999999999 since never clamp orders order
orders.count orders.pace event. channel stage convert loyal hour weekday mon always yes && 且 非 「 " ' \\ 。 ０"""
pieces = st.sampled_from(PIECES.split()) | st.text(max_size=3)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """What was right until something was written over it."""
    _, tree = draw(trees)
    text = str(tree)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 9)))
        text = text[:start] + draw(pieces) + text[end:]
    return text


@given(trees)
def test_what_is_printed_is_read_as_the_same(condition: tuple[AskedIn, Condition]) -> None:
    asked_in, tree = condition
    assert read(str(tree), asked_in) == Read(tree)


@given(damaged() | st.text() | st.lists(pieces, max_size=40).map(" ".join), places)
def test_any_text_is_a_condition_or_has_a_fault_in_its_place(text: str, asked_in: AskedIn) -> None:
    found = read(text, asked_in)

    assert (found.condition is None) == bool(found.faults)
    lines = text.split("\n")
    for fault in found.faults:
        assert fault.place
        assert 1 <= fault.place.line <= len(lines)
        assert 1 <= fault.place.column <= len(lines[fault.place.line - 1]) + 1
        assert fault.message("en")
        assert re.search("[\u4e00-\u9fff]", fault.message("zh"))
        f"{fault.message('en')}{fault.message('zh')}".encode()
    assert list(found.faults) == sorted(found.faults, key=lambda fault: fault.place or 0)
    assert read(text, asked_in) == found


@given(damaged(), places)
def test_what_is_read_is_printed_as_what_is_read_the_same(text: str, asked_in: AskedIn) -> None:
    found = read(text, asked_in).condition
    if found:
        assert read(str(found), asked_in).condition == found


@given(trees, st.data())
def test_spaces_and_lines_do_not_matter(condition: tuple[AskedIn, Condition], data: st.DataObject) -> None:
    asked_in, tree = condition
    spaces = st.sampled_from([" ", "\n", "\t \r\n", "\u3000", " \u200b "])
    text, before = "", ""
    for written in _written(str(tree)):
        is_free = not (_is_word(before[-1:]) and _is_word(written[0]))
        text += data.draw(spaces | st.just("") if is_free else spaces) + written
        before = written

    assert read(text, asked_in) == Read(tree)


@given(trees)
def test_full_width_forms_are_read_as_the_others(condition: tuple[AskedIn, Condition]) -> None:
    asked_in, tree = condition
    wide = [
        each if each[0] == '"' else "".join(chr(ord(sign) + 0xFEE0) for sign in each) for each in _written(str(tree))
    ]

    assert read("\u3000".join(wide), asked_in) == Read(tree)


def _written(text: str) -> list[str]:
    return [text[token.start : token.end] for token in cut(text).tokens if token.kind != "end"]


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def test_the_default_policy_is_read_as_it_is_printed() -> None:
    known = Scope(
        asked_in="health", metrics={metric.name: Counted(sums=bool(metric.sums)) for metric in SMALL_POLICY.metrics}
    )
    for value in (*SMALL_POLICY.stages, *SMALL_POLICY.health):
        assert read_condition(str(value.condition), known) == Read(value.condition)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("not always or always and always", "not always or always and always"),
        ("not (always or always)", "not (always or always)"),
        ("(always and always) and always", "always and always and always"),
        ("always or (always or always) or always", "always or always or always or always"),
        ("always and (hour in [9, 12] or holiday)", "always and (hour in 9..9 or hour in 12..12 or holiday)"),
        ("((always))", "always"),
        ("stage != acquire", "not stage == acquire"),
        ("stage not in [acquire, convert]", "not stage in [acquire, convert]"),
        ("convert = stage", "stage == convert"),
        ('health = "lost"', "health == lost"),
        ("health in [lost]", "health == lost"),
        ("not in(loyal)", "not in(loyal)"),
    ],
)
def test_ways_to_write(text: str, printed: str) -> None:
    assert str(accepted(text)) == printed


@pytest.mark.parametrize(
    ("asked_in", "text", "told"),
    [
        ("rules", "stage", "1:1: 'stage' alone is no condition; compare it, such as stage = a"),
        ("rules", "3", "1:1: '3' is no condition"),
        ("rules", "not yes", "1:5: what holds for everybody is written always, what holds for nobody not always"),
        ("rules", "3 > 2", "1:1: '3 > 2' compares two fixed values; one side asks something of the member"),
        ("rules", "yes = yes", "1:1: 'yes = yes' compares two fixed values; one side asks something of the member"),
        (
            "rules",
            "never(orders) = yes",
            "1:1: 'never(orders)' holds or does not, and is not compared; write it alone, or with not before it",
        ),
        (
            "rules",
            "holiday = yes",
            "1:1: 'holiday' holds or does not, and is not compared; write it alone, or with not before it",
        ),
        (
            "rules",
            "since(orders)",
            "1:1: 'since(orders)' alone is no condition; compare it, such as since(orders) > 7d",
        ),
        (
            "rules",
            "orders.count(30d)",
            "1:1: 'orders.count(30d)' alone is no condition; compare it, such as orders.count(30d) >= 1",
        ),
        (
            "rules",
            "stage = lost",
            (
                "1:9: 'lost' is a health, asked as health = lost; "
                "one of these can stand here: acquire, activate, retain, convert, repurchase"
            ),
        ),
        (
            "segments",
            "health = 3",
            "1:10: here stands the name of a health, one of: lost, dormant, at_risk, active; found '3'",
        ),
        ("rules", "stage > convert", "1:1: 'stage' is compared by =, != or in with a list, not by >"),
        ("rules", "in(loyall)", "1:4: 'loyall' is not a segment; did you mean 'loyal'? There are: loyal, chatty"),
        (
            "rules",
            "in(loyal, chatty)",
            "1:1: one segment stands in these brackets; several are asked as in(a) or in(b); there are: loyal, chatty",
        ),
    ],
)
def test_what_is_no_condition_is_told(asked_in: AskedIn, text: str, told: str) -> None:
    assert refusals(text, asked_in) == [told]


def test_all_that_is_wrong_is_told_in_the_order_of_its_places() -> None:
    assert refusals("order.count(30) >= 2d\n && tier > gold or chat.distinct = 1.5") == [
        "1:1: 'order' is not a metric; did you mean 'orders'? There are: joined, chat, orders, checkins",
        "1:13: a length of time needs its unit: write 30d for days (w for weeks, mo for months)",
        "1:20: a number without a unit is expected here: write 2 instead of '2d'",
        "2:2: instead of '&&' write and",
        '2:12: texts stand in quotes: "gold"',
        "2:20: the metric 'chat' keeps no distinct values; give it a field, distinct, where it is declared, or ask chat.count",
        "2:36: '1.5' is not a whole number; money is in minor units (10.50 is 1050)",
    ]


def test_the_page_of_the_language_is_true() -> None:
    page = PAGE.read_text()
    assert all(f"{bound:,}" in page for bound in (MOST_CHARACTERS, MOST_DEEP, MOST_NODES))
    assert " ".join(sorted(RESERVED)) in " ".join(page.split())
    examples = re.findall(r"^\| (\w+) \| `([^`]+)` \| [^|]+ \|$", page, re.MULTILINE)
    assert {asked_in for asked_in, _ in examples} == set(get_args(AskedIn))
    for asked_in, text in examples:
        accepted(text, asked_in)
    refused = re.findall(r"^\| (\w+) \| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    assert refused
    for asked_in, text, en, zh in refused:
        [fault] = read(text, asked_in).faults
        assert (fault.message("en"), fault.message("zh")) == (en, zh)
    same = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", page, re.MULTILINE)
    assert same
    for text, printed in same:
        assert str(accepted(text)) == printed
