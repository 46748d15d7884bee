import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.templates.domain import DEFAULT_TEMPLATES, Template, faults

names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
plain = st.text(st.characters(exclude_characters="{}"), max_size=8)
values = st.text(max_size=12)


def template(text: str, **placeholders: str) -> Template:
    return Template(code="test", text_zh=text, text_en=text, placeholders=placeholders)


@given(parts=st.lists(st.tuples(plain, names), max_size=5), last=plain, data=st.data())
def test_what_is_given_stands_where_the_placeholder_was(
    parts: list[tuple[str, str]], last: str, data: st.DataObject
) -> None:
    defaults = {name: data.draw(values) for _, name in parts}
    given_values = {name: data.draw(values) for name in defaults if data.draw(st.booleans())}
    text = "".join(f"{words}{{{name}}}" for words, name in parts) + last
    expected = "".join(words + (defaults | given_values)[name] for words, name in parts) + last
    made = template(text, **defaults)

    assert faults(made) == []
    assert made.render(given_values) == (expected, expected)


@given(value=st.sampled_from(["{shop}", "{other}", "{", "}}", "{0}", "\\1"]))
def test_a_value_is_never_read_as_a_text(value: str) -> None:
    assert template("to {shop}", shop="x").render({"shop": value})[0] == f"to {value}"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (template("{shop}"), "placeholders: shop is in the text and has no default"),
        (template("shop", shop="x"), "placeholders: shop is not in the text"),
        (template("{Shop}"), "text_zh: a brace belongs to a placeholder such as {name}"),
        (template("{shop", shop="x"), "text_zh: a brace belongs to a placeholder such as {name}"),
        (template("{shop}}", shop="x"), "text_zh: a brace belongs to a placeholder such as {name}"),
        (template("{shop.__class__}"), "text_zh: a brace belongs to a placeholder such as {name}"),
    ],
)
def test_a_text_that_does_not_fit_its_placeholders_is_a_fault(made: Template, expected: str) -> None:
    assert expected in faults(made)


def test_the_default_templates_are_right_in_both_languages_and_need_nothing() -> None:
    for default in DEFAULT_TEMPLATES:
        assert faults(default) == []
        chinese, english = default.render()
        assert chinese != english
        assert english.isascii()
        assert "{" not in chinese + english
