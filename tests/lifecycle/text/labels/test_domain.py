import pytest

from lifecycle.text.documents.domain import read_document
from lifecycle.text.labels.domain import Label, as_label, called
from lifecycle.text.readers.domain import read


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("{zh: 歡迎, en: Welcome}", Label("歡迎", "Welcome")),
        ("en: Welcome\nzh: 歡迎", Label("歡迎", "Welcome")),
        ("VIP", Label("VIP", "VIP")),
        ("NO", Label("NO", "NO")),
    ],
)
def test_a_label_is_given_for_each_language_or_for_both(text: str, label: Label) -> None:
    node, _ = read_document(text)
    assert node
    assert read(as_label(), node) == (label, ())
    assert (label.within("zh"), label.within("en")) == (label.zh, label.en)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("{zh: 歡迎}", ["1:1: 'en' is missing here"]),
        (
            "{zh: 歡迎, eng: Hi}",
            ["1:1: 'en' is missing here", "1:10: eng: 'eng' is not known here; did you mean 'en'? There are: zh, en"],
        ),
        ("{zh: 歡迎光臨, en: Hi}", ["1:6: zh: 4 characters stand here; at most 3 may"]),
        ("[歡迎, Hi]", ["1:1: one value is expected here, not […]"]),
    ],
)
def test_half_a_label_is_none(text: str, faults: list[str]) -> None:
    node, _ = read_document(text)
    assert node
    label, found = read(as_label(3), node)
    assert label is None
    assert list(map(str, found)) == faults


@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        ("at_risk", "有流失風險 (at_risk)", "At risk"),
        ("convert", "轉化 (convert)", "First order (convert)"),
        ("2 promo a day", "每日 2 次", "2 promo a day"),
        ("untitled", "untitled", "untitled"),
    ],
)
def test_what_has_a_title_is_called_by_it_and_can_still_be_found(code: str, zh: str, en: str) -> None:
    titles = {
        "value": {
            "at_risk": Label("有流失風險", "At risk"),
            "convert": Label("轉化", "First order"),
            "2 promo a day": Label("每日 2 次", "2 promo a day"),
        }
    }
    assert (called(titles, "value", code, "zh"), called(titles, "value", code, "en")) == (zh, en)
    assert called(titles, "rule", code, "zh") == code
