from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from common.contracts.lifecycle import Cause, GrantPoints
from factories.guarded_histories import BASE_POLICY
from lifecycle.answers.chances.domain import trigger_told, untriggered
from lifecycle.calendars.domain import Span
from lifecycle.engine.domain import compiled
from lifecycle.facts.domain import Facts
from lifecycle.facts.tallies.domain import gathered
from lifecycle.members.domain import Episode, Member
from lifecycle.policy.rulebook.domain import Enters, Held, Leaves, On, Rule, Trigger
from lifecycle.policy.sources.domain import Metric

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
DAY = timedelta(days=1)
CHECKINS = next(metric for metric in BASE_POLICY.metrics if metric.name == "checkins")


def rule(trigger: Trigger) -> Rule:
    return Rule(id="test", trigger=trigger, actions=(GrantPoints(points=1, reason="x"),))


def someone(*, stage: str = "convert", cause: Cause = "event", facts: Facts | None = None) -> Member:
    episodes = {
        "convert": Episode(1, NOON, cause),
        stage: Episode(1, NOON + DAY if stage != "convert" else NOON, cause),
    }
    return Member(member_id=UUID(int=1), at=NOON, facts=facts or {}, standing={"stage": stage}, episodes=episodes)


def why_untriggered(trigger: Trigger, member: Member, published: datetime | None = None) -> list[str]:
    engine = compiled(msgspec.structs.replace(BASE_POLICY, rules=(rule(trigger),)))
    return [each.text.code for each in untriggered(engine, member, rule(trigger), published=published)]


@pytest.mark.parametrize(
    ("trigger", "code"),
    [
        (Enters("convert"), "triggers_enters"),
        (Enters("convert", settle=timedelta(hours=1)), "triggers_enters_settled"),
        (Leaves("convert"), "triggers_leaves"),
        (Leaves("convert", settle=Span(1)), "triggers_leaves_settled"),
        (Held("convert", Span(2)), "triggers_held"),
        (On("checkin.recorded"), "triggers_event"),
    ],
)
def test_what_triggers_is_told(trigger: Trigger, code: str) -> None:
    [told] = trigger_told(rule(trigger))
    assert told.text.code == code


def test_whence_a_member_has_to_come_is_told() -> None:
    _, told = trigger_told(rule(Enters("convert", coming_from=("retain", "activate"))))
    assert told.values == {"before": "retain, activate"}


def test_another_kind_of_trigger_is_told_as_the_policy_has_it() -> None:
    class Moon(msgspec.Struct, frozen=True, tag="moon", tag_field="trigger"):
        phase: str

    [told] = trigger_told(msgspec.structs.replace(rule(On("x")), trigger=Moon("full")))
    assert (told.text.code, told.values) == ("triggers_otherwise", {"trigger": '{"trigger":"moon","phase":"full"}'})


@pytest.mark.parametrize(
    ("trigger", "member", "published", "codes"),
    [
        (Enters("repurchase"), someone(), None, ["trigger_never_entered"]),
        (Held("repurchase", Span(1)), someone(), None, ["trigger_never_entered"]),
        (Leaves("repurchase"), someone(), None, ["trigger_never_entered"]),
        (Leaves("convert"), someone(), None, ["trigger_still_inside"]),
        (Enters("convert"), someone(cause="policy"), None, ["trigger_not_their_doing", "trigger_by_enrolment"]),
        (Enters("convert"), someone(), NOON + DAY, ["trigger_rule_is_newer", "trigger_by_enrolment"]),
        (Enters("convert"), someone(), NOON - DAY, ["trigger_not_kept"]),
        (Enters("convert"), someone(stage="repurchase"), None, ["trigger_left"]),
        (Enters("convert", coming_from=("retain",)), someone(), None, ["trigger_came_otherwise"]),
        (On("checkin.recorded"), someone(), NOON, ["trigger_no_event"]),
    ],
)
def test_why_nothing_has_triggered_it(
    trigger: Trigger, member: Member, published: datetime | None, codes: list[str]
) -> None:
    assert why_untriggered(trigger, member, published) == codes


@pytest.mark.parametrize(
    ("published", "codes"),
    [
        (NOON + DAY, ["trigger_rule_is_newer", "trigger_by_enrolment", "trigger_no_event"]),
        (NOON, ["trigger_not_kept", "trigger_no_event"]),
        (None, ["trigger_not_kept", "trigger_no_event"]),
    ],
)
def test_an_event_that_was_counted_tells_of_the_last_chance(published: datetime | None, codes: list[str]) -> None:
    assert isinstance(CHECKINS, Metric)
    day = (NOON - datetime(1970, 1, 1, tzinfo=UTC)).days
    tally = gathered([(day, 1, 0)])
    assert tally is not None
    member = someone(facts={CHECKINS.number: tally})
    assert why_untriggered(On("checkin.recorded"), member, published) == codes
