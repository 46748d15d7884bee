from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from factories.guarded_histories import BASE_POLICY
from lifecycle.answers.domain import Answer, agrees, lines, published_since
from lifecycle.engine.domain import Engine, compiled
from lifecycle.publishing.versions.domain import ALWAYS, Version, Versions
from lifecycle.text.faults.domain import Text
from lifecycle.text.statements.domain import say

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAY = timedelta(days=1)
FACT = Text("test_fact", en="a fact", zh="一件事")


def engine(version: int, *rules: str) -> Engine:
    kept = tuple(rule for rule in BASE_POLICY.rules if rule.id in rules)
    return compiled(msgspec.structs.replace(BASE_POLICY, rules=kept), version=version)


@pytest.mark.parametrize(
    ("history", "since"),
    [
        ([["thanks"], ["thanks"], ["thanks"]], None),
        ([[], ["thanks"], ["thanks"]], NOON + DAY),
        ([["thanks"], [], ["thanks"]], NOON + 2 * DAY),
        ([["thanks"], ["thanks"], []], None),
    ],
)
def test_a_rule_takes_effect_with_the_first_version_that_has_it_without_a_break(
    history: list[list[str]], since: datetime | None
) -> None:
    published = tuple(
        Version(engine=engine(number, *rules), effective_at=NOON + (number - 1) * DAY if number > 1 else ALWAYS)
        for number, rules in enumerate(history, 1)
    )
    assert published_since(Versions(published=published), "thanks", 3) == since


def test_what_members_do_not_live_by_yet_says_nothing() -> None:
    published = (Version(engine=engine(1), effective_at=ALWAYS), Version(engine=engine(2, "thanks"), effective_at=NOON))
    assert published_since(Versions(published=published), "thanks", 1) is None


def test_an_answer_is_a_verdict_and_the_parts_that_have_something_to_say() -> None:
    answer = Answer(
        about="stage",
        verdict=say(FACT),
        because=(say(FACT, at=NOON, holds=True), say(FACT, holds=False)),
        ahead=(say(FACT),),
    )
    assert [*lines(answer, "zh", ZoneInfo("Asia/Shanghai"))] == [
        "一件事",
        "  經過",
        "    ✓ 2026-03-02 12:00  一件事",
        "    ✗ 一件事",
        "  接下來",
        "    · 一件事",
    ]


def test_only_what_the_journal_contradicts_disagrees() -> None:
    answer = Answer(
        about="stage", verdict=say(FACT, holds=False), because=(), derived=(say(FACT), say(FACT, holds=True))
    )
    assert agrees(answer)
    assert not agrees(msgspec.structs.replace(answer, derived=(say(FACT, holds=False),)))
