import re
from html.parser import HTMLParser

import msgspec
import pytest

from factories.lifecycle_journals import ENGINE, VERSIONS, lived
from factories.policies import SMALL_POLICY
from lifecycle.engine.domain import compiled
from lifecycle.replays.domain import events_of
from lifecycle.replays.trials.domain import Trial
from lifecycle.reports.displays.domain import as_html
from lifecycle.reports.displays.service import html_page
from lifecycle.reports.domain import Heading, Report, reported
from lifecycle.reports.wordings.domain import REASONS
from lifecycle.text.faults.domain import Language
from lifecycle.text.labels.domain import Label

EVIL = "<script>alert('x')</script>"


def report(seed: int = 3, *, draft: bool = True) -> Report:
    rules = tuple(rule for rule in SMALL_POLICY.rules if rule.id != "say_hello")
    other = compiled(msgspec.structs.replace(SMALL_POLICY, rules=rules, name="fewer_messages"))
    trial = Trial(0, published=ENGINE, draft=other if draft else None)
    for entry in lived(seed).journal:
        trial.take(entry, list(events_of(entry)), VERSIONS)
    heading = Heading(
        policy="fewer_messages" if draft else SMALL_POLICY.name,
        tz=SMALL_POLICY.tz,
        values={each.name: tuple(value.name for value in each.values) for each in SMALL_POLICY.dimensions},
        titles={
            "rule": {"welcome": Label("歡迎新會員", "Welcome a new member")},
            "value": {"convert": Label("轉化", "Convert")},
        },
        is_draft=draft,
        equals_live=None if draft else True,
    )
    return reported(trial.end(), heading, {"newcomer_3": 300})


class Nested(HTMLParser):
    """Whether every element ends where it should, and what the page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.fetched += [name for name, _ in attrs if name in {"src", "href", "srcset", "style"} or name[:2] == "on"]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("draft", [True, False])
def test_a_page_needs_nothing_else(language: Language, *, draft: bool) -> None:
    text = html_page(report(draft=draft), language=language)
    read = Nested()
    read.feed(text)
    assert read.open == []
    assert read.fetched == []
    assert not read.seen & {"script", "link", "img", "iframe", "object"}
    assert {"svg", "table", "details", "style"} <= read.seen
    assert "url(" not in text
    assert "@import" not in text


def test_a_page_says_first_what_matters() -> None:
    text = as_html(report(), language="en", style="")
    assert text.index("would have asked for") < text.index("<table")
    assert "Members did what they did under what happened" in text
    assert "second_order_4, thanks_3" in text  # nobody told what they cost
    assert "只" not in text
    assert "草稿會發出" in as_html(report(), language="zh", style="")


def test_what_is_partial_or_unequal_is_told_above_everything() -> None:
    whole = report(draft=False)
    heading = msgspec.structs.replace(whole.heading, equals_live=False)
    text = as_html(msgspec.structs.replace(whole, partial=True, heading=heading), language="en", style="")
    warned = re.findall(r'<p class="warning">(.*?)</p>', text)
    assert [each.split()[0] for each in warned] == ["Partial:", "The", "No"]


def test_no_name_becomes_markup() -> None:
    whole = report()
    evil = msgspec.convert(
        msgspec.json.decode(msgspec.json.encode(whole).replace(b"welcome", EVIL.encode().replace(b'"', b"'"))), Report
    )
    text = as_html(evil, language="en", style="")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_every_reason_has_words() -> None:
    reasons = {
        each.reason
        for line in report().rules
        for side in (line.happened, line.tried)
        if side
        for each in side.hindrances
    }
    assert reasons <= REASONS.keys()


def test_a_page_in_chinese_calls_everything_by_its_title_and_has_no_word_of_ours_in_english() -> None:
    text = as_html(report(), language="zh", style="")
    assert {"歡迎新會員 (welcome)", "轉化 (convert)"} <= set(re.findall(r"<td[^>]*>([^<]+)</td>", text))
    assert not re.findall(r"None|True|\(event\)|\(time\)|>(?:coupon|message) ", text)


def test_a_page_of_nothing_yet_can_be_read() -> None:
    nothing = Trial(0, published=ENGINE, draft=None).end()
    heading = Heading(policy="p", tz="Asia/Shanghai", values={"stage": ("acquire",)})
    assert "acquire" in as_html(reported(nothing, heading, {}), language="en", style="")
