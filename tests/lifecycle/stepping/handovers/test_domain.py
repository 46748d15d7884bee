"""A publish makes nothing due: what waits gets the moment of the new version, or is cancelled."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.lifecycle import GrantPoints
from factories.policies import SMALL_POLICY
from lifecycle.engine.domain import Engine, compiled
from lifecycle.members.domain import Episode, Member, Pending
from lifecycle.policy.rulebook.domain import Enters, Held, Leaves, On, Rule, Trigger
from lifecycle.stepping.handovers.domain import handed_over

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
POINT = (GrantPoints(points=1, reason="test"),)
HOURS = st.integers(0, 100).map(lambda hours: hours * HOUR)
TRIGGERS: st.SearchStrategy[Trigger] = st.one_of(
    st.builds(Enters, st.sampled_from(["convert", "retain"]), st.none() | HOURS),
    st.builds(Held, st.sampled_from(["convert", "retain"]), HOURS),
    st.builds(Leaves, st.sampled_from(["convert", "retain"]), st.none() | HOURS),
    st.just(On("order.confirmed")),
)


def engine_of(*triggers: Trigger) -> Engine:
    rules = tuple(Rule(id=f"r{n}", trigger=each, reentry="each", actions=POINT) for n, each in enumerate(triggers))
    return compiled(msgspec.structs.replace(SMALL_POLICY, rules=rules), version=2)


def waiting(*pending: Pending) -> Member:
    episodes = {name: Episode(1, NOON, "event") for name in ("convert", "retain")}
    return Member(UUID(int=1), NOON, {}, {"stage": "convert"}, episodes, pending=pending)


def pending(rule: str, due: timedelta, *, value: str | None = "convert", since: datetime | None = None) -> Pending:
    return Pending(rule, value, 1, NOON + due, f"{value}#1", since)


@given(trigger=TRIGGERS, due=HOURS, at=HOURS, value=st.sampled_from(["convert", "retain"]))
def test_what_waits_is_kept_or_cancelled_and_never_made_due(
    trigger: Trigger, due: timedelta, at: timedelta, value: str
) -> None:
    member = waiting(pending("r0", due, value=value))
    after, cancelled = handed_over(engine_of(trigger), member, at=NOON + at)
    assert len(after.pending) + len(cancelled) == 1
    assert all(
        (each.rule, each.reason, each.at, each.version) == ("r0", "rule_changed", NOON + at, 2) for each in cancelled
    )
    for each in after.pending:
        assert each.due == NOON + due or each.due > NOON + at
        assert msgspec.structs.replace(each, due=NOON) == msgspec.structs.replace(member.pending[0], due=NOON)
    again, more = handed_over(engine_of(trigger), after, at=NOON + at)
    assert (again, more) == (after, ()), "a second time it changes nothing"


def test_a_wait_that_is_lengthened_goes_on_and_one_that_has_passed_is_given_up() -> None:
    member = waiting(pending("r0", 24 * HOUR))
    for wait, moved in ((30 * HOUR, [NOON + 30 * HOUR]), (13 * HOUR, [NOON + 13 * HOUR]), (6 * HOUR, [])):
        after, _ = handed_over(engine_of(Held("convert", wait)), member, at=NOON + 12 * HOUR)
        assert [each.due for each in after.pending] == moved


def test_what_waits_to_be_released_or_for_a_rule_that_is_gone_is_looked_at_then() -> None:
    released = pending("r0", HOUR, since=NOON)
    by_event = pending("r0", HOUR, value=None)
    gone = pending("no_such_rule", HOUR)
    after, cancelled = handed_over(engine_of(On("order.confirmed")), waiting(released, by_event, gone), at=NOON)
    assert (after.pending, cancelled) == ((released, by_event, gone), ())
