"""Every relative link of every page leads to something that is there; a part of a page that is named has its heading."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from check_tree import ROOT, tracked

_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

PAGES = [path for path in tracked() if path.endswith(".md")]


def links(text: str) -> Iterator[str]:
    """The targets of relative links; code is not read."""
    for target in _LINK.findall(_CODE.sub("", text)):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(text: str) -> set[str]:
    """As forges make them of headings: lower case, without punctuation, hyphens for blanks."""
    return {
        re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-")
        for title in _HEADING.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    }


def dead(page: Path, text: str) -> Iterator[str]:
    for target in links(text):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if path.startswith("/") or not file.exists() or not _has(file, anchor):
            yield target


def _has(file: Path, anchor: str) -> bool:
    return not anchor or file.suffix != ".md" or anchor in anchors(file.read_text())


def test_there_are_pages() -> None:
    assert {"README.md", "docs/architecture.md"} <= set(PAGES)


@pytest.mark.parametrize("path", PAGES)
def test_links_lead_somewhere(path: str) -> None:
    page = ROOT / path
    assert list(dead(page, page.read_text())) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = "# A *page*, 頁\n[here](page.md#a-page-頁) [web](https://example.org) `[no](link)` [a](gone.md) [b](#gone) [c](/x)"
    page.write_text(text)
    assert list(dead(page, text)) == ["gone.md", "#gone", "/x"]
