from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from factories.guarded_histories import BASE_POLICY
from lifecycle.answers.stories.domain import Recorded, Story, recounted, verdict
from lifecycle.engine.domain import compiled
from lifecycle.members.domain import Member, Pending
from lifecycle.receipts.domain import DayCount, Detail, Receipt

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
ENGINE = compiled(BASE_POLICY)
SOMEONE = Member(member_id=UUID(int=1), at=NOON, facts={}, standing={}, episodes={})


def receipt(outcome: str, hours: int = 0) -> Receipt:
    return Receipt(
        rule="welcome",
        key="",
        version=1,
        at=NOON,
        gate_at=NOON + hours * HOUR,
        outcome=outcome,
        until=None,
        attempt=outcome == "acted",
        detail=Detail(),
    )


STALE = DayCount(
    rule="welcome", reason="stale", day=date(2026, 3, 2), times=3, version=1, at=NOON + 5 * HOUR, detail=Detail()
)
WAITING = Pending("welcome", None, 0, NOON + 9 * HOUR, since=NOON)


def story(*receipts: Receipt, days: tuple[DayCount, ...] = (), rule: str = "welcome", waits: bool = False) -> Story:
    member = msgspec.structs.replace(SOMEONE, pending=(WAITING,)) if waits else SOMEONE
    return Story(member=member, rule=rule, engines={1: ENGINE}, receipts=receipts, days=days)


@pytest.mark.parametrize(
    ("known", "code", "last"),
    [
        (story(), "rule_untriggered", None),
        (story(rule="gone"), "rule_is_withdrawn", None),
        (story(receipt("acted", 2), receipt("acted", 1)), "rule_acted", NOON + 2 * HOUR),
        (story(receipt("held_out", 2), receipt("acted", 1)), "rule_acted", NOON + HOUR),
        (story(receipt("held_out", 2)), "rule_did_not_act", NOON + 2 * HOUR),
        (story(receipt("held_out", 2), days=(STALE,)), "rule_did_not_act", NOON + 5 * HOUR),
        (story(receipt("acted", 2), waits=True), "rule_waits", None),
    ],
)
def test_the_verdict_is_what_became_of_it_in_the_end(known: Story, code: str, last: datetime | None) -> None:
    found = verdict(known)
    assert (found.text.code, found.values.get("last")) == (code, last)


def test_a_rule_that_is_gone_and_acted_still_acted() -> None:
    engine = compiled(msgspec.structs.replace(BASE_POLICY, rules=()))
    known = msgspec.structs.replace(story(receipt("acted")), engines={1: engine})
    assert verdict(known).text.code == "rule_acted"
    assert "was_triggered" in [each.text.code for each in recounted(known)]


@pytest.mark.parametrize(
    ("state", "code", "holds"),
    [
        ("requested", "action_unheard", None),
        ("unknown", "action_unheard", None),
        ("done", "action_done", True),
        ("refused", "action_refused", False),
        ("failed", "action_refused", False),
        ("undone", "action_ended", None),
    ],
)
def test_each_action_is_told_with_its_own_decision(state: str, code: str, *, holds: bool | None) -> None:
    action = Recorded(
        key="",
        attempt=1,
        kind="issue_coupon",
        detail={"template": "newcomer_3"},
        state=state,
        reason=None,
        asks=2,
        requested_at=NOON,
        settled_at=None,
    )
    other = msgspec.structs.replace(action, attempt=2)
    known = msgspec.structs.replace(story(receipt("acted")), actions=(action, other))
    [found] = [each for each in recounted(known) if each.text.code.startswith("action_")]
    assert (found.text.code, found.holds) == (code, holds)
    assert found.values["what"] == "newcomer_3"
