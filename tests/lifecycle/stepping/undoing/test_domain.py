"""Law 13, as far as the lifecycle can see it: whatever is taken back, in whatever order it is heard of, ends undone or kept."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.lifecycle import AssignTask, CallWebhook, GrantPoints, IssueCoupon, SendMessage
from factories.policies import SMALL_POLICY
from lifecycle.actions.domain import Slot
from lifecycle.actions.withdrawals.domain import MOST_ASKS, Withdrawal
from lifecycle.conditions.expressions.domain import Always
from lifecycle.engine.domain import Engine, compiled
from lifecycle.members.domain import Member, decode, encode
from lifecycle.policy.domain import Value
from lifecycle.policy.guards.domain import Guards
from lifecycle.policy.rulebook.domain import Enters, On, Rule, Undo
from lifecycle.publishing.versions.domain import alone
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.domain import Arrival, reconsidered, step, wake, wake_at
from lifecycle.stepping.moments.domain import Stepped

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COUPON = (IssueCoupon(template="thanks"),)
Arrive = Callable[..., Arrival]


def engine_of(**fields: Any) -> Engine:
    rule = Rule(
        **{
            "id": "thanks",
            "trigger": Enters("convert"),
            "actions": COUPON,
            "undo": Undo("convert", by="order.voided"),
            **fields,
        }
    )
    health = (Value("active", Always()),)
    return compiled(msgspec.structs.replace(SMALL_POLICY, rules=(rule,), health=health, guards=Guards(), segments=()))


class History:
    """Of one member, in whom time passes between the events."""

    def __init__(self, engine: Engine, arrive: Arrive) -> None:
        self.engine, self.arrive = engine, arrive
        self.member: Member | None = None
        self.decided: list[Decision] = []
        self.withdrawals: list[Withdrawal] = []
        self.heard = 0

    def happens(self, name: str, hours: float, **fields: Any) -> "History":
        at = NOON + hours * HOUR
        self.heard += 1
        arrival = self.arrive(name, at, number=self.heard, **({"confirmed_at": NOON} | fields))
        self._note(step(alone(self.engine), self.member, arrival, gate=at, watermark=at))
        return self

    def answers(self, name: str, hours: float, index: int = 0, **fields: Any) -> "History":
        action = self.decided[0].requests[index].action_id
        return self.happens(name, hours, action_id=action, **fields)

    def passes(self, hours: float) -> "History":
        assert self.member is not None
        at = NOON + hours * HOUR
        self._note(wake(alone(self.engine), self.member, up_to=at, gate=at))
        return self

    def _note(self, stepped: Stepped) -> None:
        assert decode(encode(stepped.member)) == stepped.member
        self.member = stepped.member
        self.decided += stepped.decisions
        self.withdrawals += stepped.withdrawals

    @property
    def slot(self) -> Slot:
        assert self.member is not None
        (slot,) = self.member.slots
        return slot

    @property
    def outcomes(self) -> list[str]:
        return [each.reason or "acted" for each in self.decided]


def bought(arrive: Arrive, **fields: Any) -> History:
    return History(engine_of(**fields), arrive).happens("order.confirmed", 0)


def test_what_is_done_is_asked_back_and_ends_undone(arrive: Arrive) -> None:
    history = bought(arrive).answers("reward.granted", 1)
    assert (history.slot.state, [deed.kind for deed in history.slot.deeds]) == ("done", ["issue_coupon"])
    history.happens("order.voided", 2)
    (withdrawal,) = history.withdrawals
    assert withdrawal.event.action_id == history.decided[0].requests[0].action_id
    assert (withdrawal.event.rule, withdrawal.event.kind, history.slot.state) == ("thanks", "issue_coupon", "undoing")
    assert history.answers("reward.withdrawn", 3).slot == Slot("thanks", "", NOON, 1, "undone", depth=1, undoable=True)


def test_what_is_spent_is_kept(arrive: Arrive) -> None:
    history = bought(arrive).answers("reward.granted", 1).happens("order.voided", 2)
    assert history.answers("reward.retained", 3, reason="spent").slot.state == "kept"


def test_what_is_only_asked_for_is_taken_back_before_it_is_done(arrive: Arrive) -> None:
    history = bought(arrive).happens("order.voided", 1)
    assert (history.slot.state, history.slot.effects) == ("undoing", ())
    assert history.answers("reward.refused", 2, reason="withdrawn").slot.state == "undone"


def test_what_waits_is_dropped_with_a_reason(arrive: Arrive) -> None:
    settling = bought(arrive, trigger=Enters("convert", settle=6 * HOUR), still=False).happens("order.voided", 1)
    assert settling.outcomes == ["undone"]
    assert settling.member is not None
    assert (settling.member.pending, settling.withdrawals) == ((), [])


def test_what_was_refused_is_not_asked_back(arrive: Arrive) -> None:
    history = bought(arrive).answers("reward.refused", 1, reason="expired").happens("order.voided", 2)
    assert (history.withdrawals, history.slot.state) == ([], "free")


@pytest.mark.parametrize(("after_undo", "again"), [("spent", "already_fired"), ("free", "acted")])
def test_whether_it_may_act_again(after_undo: str, again: str, arrive: Arrive) -> None:
    history = bought(arrive, after_undo=after_undo).happens("order.voided", 1)
    history.happens("order.confirmed", 2)
    assert history.outcomes == ["acted", "already_fired"]  # nobody knows yet whether it was undone
    history.happens("order.voided", 3).answers("reward.refused", 4, reason="withdrawn")
    history.happens("order.confirmed", 5)
    assert history.outcomes == ["acted", "already_fired", again]
    if again == "acted":
        first, *_, second = history.decided
        assert (first.attempt, second.attempt) == (1, 2)
        assert first.requests[0].action_id != second.requests[0].action_id


def test_what_was_kept_is_spent_whatever_the_rule_says(arrive: Arrive) -> None:
    history = bought(arrive, after_undo="free").happens("order.voided", 1)
    history.answers("reward.retained", 2, reason="spent").happens("order.confirmed", 3)
    assert history.outcomes == ["acted", "already_fired"]


def test_only_the_named_event_takes_back_and_without_one_any_leaving_does(arrive: Arrive) -> None:
    later = 3 * 24  # a second buying day: repurchase
    assert bought(arrive).happens("order.confirmed", later, confirmed_at=NOON + 3 * DAY).withdrawals == []
    anyhow = bought(arrive, undo=Undo("convert")).happens("order.confirmed", later, confirmed_at=NOON + 3 * DAY)
    assert [each.event.kind for each in anyhow.withdrawals] == ["issue_coupon"]


def test_an_earlier_stay_keeps_what_it_was_given(arrive: Arrive) -> None:
    """Ended by a second buying day; the stay that the voided order ends is another."""
    history = bought(arrive, reentry="each").answers("reward.granted", 1)
    history.happens("order.confirmed", 72, confirmed_at=NOON + 3 * DAY)
    history.happens("order.voided", 73, confirmed_at=NOON + 3 * DAY).happens("order.voided", 74)
    first, second = history.member.slots if history.member else ()
    assert [(slot.key, slot.state) for slot in (first, second)] == [("convert#1", "done"), ("convert#2", "undoing")]


def test_all_that_events_brought_is_taken_back(arrive: Arrive) -> None:
    history = History(engine_of(trigger=On("message.read"), reentry="each"), arrive).happens("order.confirmed", 0)
    history.happens("message.read", 1).happens("message.read", 2).happens("order.voided", 3)
    assert len({each.event.action_id for each in history.withdrawals}) == 2


def test_a_publish_takes_nothing_back(arrive: Arrive) -> None:
    history = bought(arrive, undo=Undo("convert"))
    assert history.member is not None
    stages = SMALL_POLICY.stages[:1] + SMALL_POLICY.stages[-1:]
    other = compiled(msgspec.structs.replace(history.engine.policy, stages=stages, rules=()))
    stepped = reconsidered(other, history.member, at=NOON + HOUR, cause="policy", gate=NOON + HOUR)
    assert stepped.member.stage == "acquire"
    assert stepped.withdrawals == ()


def test_silence_asks_again_under_the_same_id_and_ends(arrive: Arrive) -> None:
    history = bought(arrive).answers("reward.granted", 1).happens("order.voided", 2)
    while (due := history.member and wake_at(history.member)) and history.slot.state == "undoing":
        hours = (due - NOON) / HOUR
        if hours > 2_000:
            break
        history.passes(hours)
        if len(history.withdrawals) == MOST_ASKS:
            break
    assert [each.ask for each in history.withdrawals] == list(range(1, MOST_ASKS + 1))
    assert len({each.event for each in history.withdrawals}) == 1
    assert history.slot.state == "undoing"
    assert history.member is not None
    assert wake_at(history.member) is None
    assert history.answers("reward.withdrawn", 3_000).slot.state == "undone"


SEVERAL = (
    IssueCoupon(template="thanks"),
    GrantPoints(points=5, reason="thanks"),
    SendMessage(template="thanks", channel="inbox"),
    AssignTask(team="care", due_minutes=60),
    CallWebhook(endpoint="crm"),
)
DONE = ["reward.granted", "reward.granted", "message.sent", "task.opened", "webhook.delivered"]
REFUSED = ["reward.refused", "reward.refused", "message.refused", "task.refused", "webhook.refused"]


def test_what_was_sent_stays_sent_and_a_task_is_closed(arrive: Arrive) -> None:
    history = bought(arrive, actions=SEVERAL)
    for index, name in enumerate(DONE):
        history.answers(name, 1 + index / 60, index)
    history.happens("order.voided", 2)
    assert [each.event.kind for each in history.withdrawals] == ["issue_coupon", "grant_points", "assign_task"]
    history.answers("reward.withdrawn", 3, 0).answers("reward.withdrawn", 4, 1)
    assert history.slot.state == "undone"


FATES = ["refused", "done", "overtaken", "crossed"]
"""Of an action: refused, or done, before anybody took it back; taken back before it was carried out; or at the same time."""


@settings(deadline=None)
@given(
    fates=st.lists(st.sampled_from(FATES), min_size=5, max_size=5),
    retained=st.lists(st.booleans(), min_size=2, max_size=2),
    data=st.data(),
)
def test_in_whatever_order_it_is_heard_it_ends(
    fates: list[str], retained: list[bool], data: st.DataObject, arrive: Arrive
) -> None:
    before, after = [list[tuple[int, list[str]]]() for _ in range(2)]
    for index, fate in enumerate(fates):
        end = [("reward.retained" if retained[index] else "reward.withdrawn")] if index < len(retained) else []
        match fate:
            case "refused":
                before.append((index, [REFUSED[index]]))
            case "done":
                before.append((index, [DONE[index]]))
                after.append((index, end))
            case "overtaken":
                after.append((index, [REFUSED[index]]))
            case "crossed":
                after.append((index, [DONE[index], *end]))
    history = bought(arrive, actions=SEVERAL)
    hear_all(history, data.draw(st.permutations(before)), 1)
    history.happens("order.voided", 10)
    hear_all(history, data.draw(st.permutations(after)), 11)
    assert history.slot.state == expected(fates, retained)
    assert (history.slot.effects, history.slot.deeds) == ((), ())
    asked = [each.event.action_id for each in history.withdrawals]
    assert len(set(asked)) == len(asked)


def hear_all(history: History, told: Sequence[tuple[int, list[str]]], hours: float) -> None:
    for index, names in told:
        for name in names:
            reason = {"reason": "withdrawn"} if name.endswith("refused") else {"reason": "spent"}
            history.answers(name, hours, index, **({} if name in DONE else reason))
            hours += 0.1


def expected(fates: list[str], retained: list[bool]) -> str:
    """A reward that stayed is kept; otherwise it is undone, unless there was nothing but what had been sent."""
    rewards, (_, task, _) = list(zip(fates, retained, strict=False)), fates[2:]
    if set(fates) == {"refused"}:
        return "free"
    done = {"done", "crossed"}
    if any(fate in done and stays for fate, stays in rewards):
        return "kept"
    undone = "overtaken" in fates or task in done or any(fate in done for fate, _ in rewards)
    return "undone" if undone else "kept"
