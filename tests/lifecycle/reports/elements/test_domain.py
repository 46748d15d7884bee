from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.reports.elements.domain import Html, join, table, tag


@given(st.text(), st.text())
def test_text_stays_text(inside: str, attribute: str) -> None:
    made = tag("p", inside, title=attribute)
    head, _, rest = made.partition('">')
    assert unescape(head.removeprefix('<p title="')) == attribute
    assert unescape(rest.removesuffix("</p>")) == inside
    assert made.count("<") == 2


def test_markup_is_put_in_as_it_is_and_nothing_is_nothing() -> None:
    assert join([tag("b", 1), None, ["<", Html("<br>")]]) == "<b>1</b>&lt;<br>"
    assert tag("line", x1=0, stroke_width=2, class_="grid", y1=None) == '<line x1="0" stroke-width="2" class="grid"/>'


def test_a_table_sets_numbers_apart() -> None:
    made = table(["rule", "n"], [["a", 1]])
    assert made.count('class="n"') == 2
