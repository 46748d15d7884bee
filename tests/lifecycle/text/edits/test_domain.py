"""A segment is put into a policy's text, and nothing else in it moves."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.policies import SMALL_TEXT, policy_of
from lifecycle.authoring.service import shipped_text
from lifecycle.conditions.expressions.domain import Always
from lifecycle.policy.domain import Value
from lifecycle.text.documents.domain import Mapping, read_document
from lifecycle.text.edits.domain import EditImpossible, with_segment, without_segment
from lifecycle.text.labels.domain import Label

SHIPPED = shipped_text().decode()
CONDITIONS = (
    "orders.count >= 2",
    "in(loyal) and never(refunds)",
    'stage in [convert, repurchase] and tier = "金"',
    "always",
)


def read(text: str) -> tuple[Value, ...]:
    """The segments, of a policy that may ask for one that is gone."""
    node, _ = read_document(text)
    assert isinstance(node, Mapping)
    block = next(value for key, value in node.pairs if key.text == "segments")
    assert isinstance(block, Mapping)
    return tuple(Value(key.text, Always()) for key, _ in block.pairs)


def changes(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


@pytest.mark.parametrize("text", [SHIPPED, SMALL_TEXT, SMALL_TEXT.rstrip()], ids=["shipped", "without", "unended"])
@pytest.mark.parametrize("title", [None, Label(en="Big: buyers", zh="大戶")])
def test_a_new_segment_is_a_line_more(text: str, title: Label | None) -> None:
    edited = with_segment(text, "big", "orders.sum(30d) >= 50000", title=title)
    found = {segment.name: segment for segment in policy_of(edited).segments}
    assert str(found["big"].condition) == "orders.sum(30d) >= 50000"
    assert found["big"].title == title
    assert not [line for line in changes(text, edited) if line[0] == "-"]
    assert policy_of(without_segment(edited, "big")) == policy_of(text)


def test_the_one_of_that_name_is_replaced_in_its_place() -> None:
    edited = with_segment(SHIPPED, "chatty", "chat.sum(7d) >= 5")
    assert [segment.name for segment in policy_of(edited).segments] == [
        segment.name for segment in policy_of(SHIPPED).segments
    ]
    assert len(changes(SHIPPED, edited)) == 2


@pytest.mark.parametrize("name", ["loyal", "chatty", "sore"])
def test_a_segment_that_is_taken_out_leaves_the_others(name: str) -> None:
    taken = without_segment(SHIPPED, name)
    assert len(changes(SHIPPED, taken)) == 1
    assert name not in {segment.name for segment in read(taken)}


@given(
    st.lists(st.sampled_from(["a", "b", "c"]), unique=True, min_size=1),
    st.sampled_from(CONDITIONS[:1] + CONDITIONS[3:]),
)
def test_what_is_put_in_and_taken_out_again_was_never_there(names: list[str], condition: str) -> None:
    text = SMALL_TEXT
    for name in names:
        text = with_segment(text, name, condition)
    assert [segment.name for segment in policy_of(text).segments] == names
    for name in names:
        text = without_segment(text, name)
    assert policy_of(text) == policy_of(SMALL_TEXT)


def test_a_segment_over_several_lines_is_replaced_whole_and_the_comment_of_the_next_part_stays() -> None:
    text = f"{SMALL_TEXT}segments:\n  big:\n    if: orders.count >= 2\n    title: Big\n\n# the end\n"
    edited = with_segment(text, "big", "orders.count >= 3")
    assert edited.endswith("segments:\n  big: orders.count >= 3\n\n# the end\n")


@pytest.mark.parametrize(
    "text", ["segments: {a: always, b: always}\n", "segments: []\n", "segments:\n", "- a\n", "segments: {\n"]
)
def test_what_stands_on_one_line_is_left_to_its_author(text: str) -> None:
    with pytest.raises(EditImpossible):
        with_segment(text, "big", "always")


@pytest.mark.parametrize("text", [SHIPPED, SMALL_TEXT])
def test_who_is_not_there_is_not_taken_out(text: str) -> None:
    with pytest.raises(KeyError):
        without_segment(text, "nobody")
