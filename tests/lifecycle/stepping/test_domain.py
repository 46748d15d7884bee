"""Laws 3, 4 and 5, and their negative controls: what must go wrong without the watermark, or on the wall clock."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from common.contracts.lifecycle import GrantPoints
from factories.policies import SMALL_POLICY
from lifecycle.actions.domain import SILENCE
from lifecycle.calendars.domain import Span
from lifecycle.conditions.expressions.domain import Always, And, Compare, Days, In, Not, Stands
from lifecycle.engine.domain import compiled
from lifecycle.facts.domain import Facts, folded
from lifecycle.members.domain import Member, decode, encode
from lifecycle.policy.dates.domain import DaysAfter, Scheduled, Yearly
from lifecycle.policy.domain import Value
from lifecycle.policy.rulebook.domain import Cooldown, Enters, Held, On, Rule, Undo
from lifecycle.policy.sources.domain import AttributeSource
from lifecycle.publishing.versions.domain import alone
from lifecycle.standing.domain import next_change_at, standing
from lifecycle.stepping.clocks.domain import watermark
from lifecycle.stepping.domain import Arrival, reconsidered, step, wake, wake_at
from lifecycle.stepping.moments.domain import Stepped, rearmed

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
END = START + timedelta(days=400)
TEN = time(10)
HOUR, INSTANT = timedelta(hours=1), timedelta(microseconds=1)
Arrive = Callable[..., Arrival]
Feed = list[tuple[str, Arrival]]
"""What was appended, by producer."""

PRODUCERS = {
    "orders": ["order.confirmed", "order.voided"],
    "members": ["member.registered", "birthday.told", "timezone.told"],
    "engagement": ["chat.message_counted", "checkin.recorded"],
}
BIRTHDAYS, ZONES = ["03-20", "02-29", "12-31", ""], ["Asia/Shanghai", "America/New_York", ""]
POINT = (GrantPoints(points=1, reason="test"),)
POLICY = msgspec.structs.replace(
    SMALL_POLICY,
    health=(Value("busy", Compare(Days("engaged", Span(7)), ">=", 2)), *SMALL_POLICY.health),
    attributes=(
        AttributeSource(name="birthday", number=1, event="birthday.told", field="birthday"),
        AttributeSource(name="tz", number=2, event="timezone.told", field="tz"),
    ),
    segments=(
        Value("sleepy", And((In("loyal"), Not(Stands("health", ("busy", "active")))))),
        Value("loyal", Compare(Days("orders", Span(60)), ">=", 2)),
    ),
    rules=(
        *SMALL_POLICY.rules,
        Rule(id="sleepy", trigger=Enters("sleepy"), reentry="each", actions=POINT),
        Rule(id="loyal", trigger=Held("loyal", Span(10)), reentry="each", actions=POINT),
        Rule(id="checkin", trigger=On("checkin.recorded"), reentry="each", actions=POINT),
        Rule(id="back", trigger=Enters("active"), reentry="each", actions=POINT),
        Rule(id="busy", trigger=Enters("busy", settle=6 * HOUR), reentry=Cooldown(10), still=False, actions=POINT),
        Rule(
            id="undone",
            trigger=Enters("convert", settle=HOUR),
            reentry="each",
            actions=POINT,
            undo=Undo("convert", by="order.voided"),
        ),
        Rule(id="week", trigger=DaysAfter(metric="orders", edge="first", low=1, high=7, at=TEN), actions=POINT),
        Rule(id="fortnight", trigger=DaysAfter(metric="orders", edge="last", low=14, high=14, at=TEN), actions=POINT),
        Rule(id="birthday", trigger=Yearly(attribute="birthday", at=TEN, clock="member"), actions=POINT),
        Rule(id="mondays", trigger=Scheduled(weekdays=("mon",), at=TEN), reentry="each", actions=POINT),
    ),
)
ENGINE = compiled(POLICY)


def facts_of(arrivals: list[Arrival]) -> Facts:
    facts: Facts = {}
    for each in arrivals:
        folds = ENGINE.folds.get(each.event.NAME, ())
        facts = folded(
            facts,
            each.event,
            folds=folds,
            event_id=each.event_id,
            time=each.time,
            appended_at=each.appended_at,
        )
    return facts


@st.composite
def feeds(draw: st.DrawFn, *, arrive: Arrive, events: int = 14) -> Feed:
    feed, at = Feed(), START
    for number in range(draw(st.integers(1, events))):
        at += draw(st.integers(0, 30 * 24)) * HOUR
        producer = draw(st.sampled_from(sorted(PRODUCERS)))
        name = draw(st.sampled_from(PRODUCERS[producer]))
        own_time = at - draw(st.sampled_from([0, 0, 5, 60])) * HOUR
        fields = {"birthday": draw(st.sampled_from(BIRTHDAYS)), "tz": draw(st.sampled_from(ZONES))}
        arrival = arrive(
            name,
            own_time,
            member=draw(st.integers(1, 2)),
            number=number,
            appended_at=at,
            confirmed_at=own_time,
            **fields,
        )
        feed.append((producer, arrival))
    return feed


@st.composite
def interleaved(draw: st.DrawFn, *, arrive: Arrive) -> Feed:
    """A feed as a worker read it: each producer's in order, one producer perhaps days behind the others."""
    feed = draw(feeds(arrive=arrive))
    behind = {producer: draw(st.sampled_from([0, 0, 1, 200])) * HOUR for producer in PRODUCERS}
    return sorted(feed, key=lambda each: each[1].appended_at + behind[each[0]])


class Worker:
    """A lane's worker without a database: rows are bytes, a crash forgets what its batch did."""

    def __init__(self, feed: Feed, *, logical: bool = True) -> None:
        self.feed, self.logical = feed, logical
        self.rows: dict[UUID, bytes] = {}
        self.told: dict[tuple[UUID, str], list[object]] = defaultdict(list)
        self.read = 0

    def member(self, member_id: UUID) -> Member | None:
        return decode(self.rows[member_id]) if member_id in self.rows else None

    def tell(self, stepped: Stepped) -> bytes:
        self.told[stepped.member.member_id, "transitions"] += stepped.transitions
        self.told[stepped.member.member_id, "decisions"] += stepped.decisions
        self.told[stepped.member.member_id, "withdrawals"] += [
            each
            for each in stepped.withdrawals
            if each.ask == 1  # how often it is asked again depends on the ticks
        ]
        return encode(stepped.member)

    def batch(self, size: int, *, crash: bool = False) -> None:
        batch = [arrival for _, arrival in self.feed[self.read : self.read + size]]
        rows, told = dict(self.rows), {key: list(value) for key, value in self.told.items()}
        for arrival in batch:
            appended_at = arrival.appended_at if self.logical else max(each.appended_at for each in batch)
            read = msgspec.structs.replace(arrival, appended_at=appended_at)
            member_id = UUID(arrival.event.subject)
            self.rows[member_id] = self.tell(
                step(alone(ENGINE), self.member(member_id), read, gate=START, watermark=END)
            )
        if crash:
            self.rows, self.told = rows, defaultdict(list, told)
        else:
            self.read += len(batch)

    def tick(self, up_to: datetime) -> None:
        for member_id, row in self.rows.items():
            self.rows[member_id] = self.tell(wake(alone(ENGINE), decode(row), up_to=up_to, gate=START))

    def forget_due_times(self) -> None:
        for member_id, row in self.rows.items():
            forgotten = msgspec.structs.replace(decode(row), due=None)
            self.rows[member_id] = encode(rearmed(ENGINE, forgotten))

    @property
    def watermark(self) -> datetime:
        """Every event appended by then has been read."""
        return min((arrival.appended_at - INSTANT for _, arrival in self.feed[self.read :]), default=END)

    def finished(self) -> dict[tuple[UUID, str], list[object]]:
        self.batch(len(self.feed))
        self.tick(END)
        return dict(self.told)


plans = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["tick", "tick", "crash", "forget", ""])), max_size=12)
Plan = list[tuple[int, str]]


def unasked(member: Member) -> Member:
    """How often silence was answered depends on the ticks, and on nothing else does it depend."""
    slots = tuple(msgspec.structs.replace(slot, effects=(), deeds=()) for slot in member.slots)
    return rearmed(ENGINE, msgspec.structs.replace(member, slots=slots))


def check_same_transitions(feed: Feed, plan: Plan, *, bounded: bool = True, logical: bool = True) -> None:
    """Law 4 and law 3: batches, ticks, crashes and lost due times against one batch without any."""
    straight, worker = Worker(feed), Worker(feed, logical=logical)
    for size, then in plan:
        worker.batch(size, crash=then == "crash")
        if then == "tick":
            worker.tick(worker.watermark if bounded else feed[-1][1].appended_at)
        if then == "forget":
            worker.forget_due_times()
    assert worker.finished() == straight.finished()
    for member_id, row in worker.rows.items():
        assert unasked(decode(row)) == unasked(decode(straight.rows[member_id]))


@settings(max_examples=120, deadline=None)
@given(data=st.data(), plan=plans)
def test_any_batching_ticks_and_crashes_give_the_same(data: st.DataObject, plan: Plan, arrive: Arrive) -> None:
    check_same_transitions(data.draw(interleaved(arrive=arrive)), plan)


@pytest.mark.slow
@settings(max_examples=1_200, deadline=None)
@given(data=st.data(), plan=plans)
def test_much_batching_gives_the_same(data: st.DataObject, plan: Plan, arrive: Arrive) -> None:
    check_same_transitions(data.draw(interleaved(arrive=arrive)), plan)


@pytest.mark.parametrize("wrong", [{"bounded": False}, {"logical": False}])
def test_the_law_catches_a_missing_watermark_and_the_wall_clock(wrong: dict[str, bool], arrive: Arrive) -> None:
    @settings(max_examples=300, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(data=st.data(), plan=plans)
    def law(data: st.DataObject, plan: Plan) -> None:
        check_same_transitions(data.draw(interleaved(arrive=arrive)), plan, **wrong)

    with pytest.raises(AssertionError):
        law()


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_nothing_is_due_later_than_the_next_change(data: st.DataObject, arrive: Arrive) -> None:
    member = None
    for _, arrival in data.draw(interleaved(arrive=arrive)):
        member = step(alone(ENGINE), member and decode(encode(member)), arrival, gate=START, watermark=END).member
        change = next_change_at(ENGINE, member.facts, member.at)
        assert change is None or (member.due is not None and member.at < member.due <= change)
        assert member.standing == standing(ENGINE, member.facts, member.at)


class Outage:
    """A worker that runs now and then and reads what is visible; producers' events become visible late."""

    def __init__(self, feed: Feed, visible_at: list[datetime], *, waits: bool) -> None:
        self.unread = [(at, *each) for at, each in zip(visible_at, feed, strict=True)]
        self.waits = waits
        self.complete_to = dict.fromkeys(PRODUCERS, START - INSTANT)
        self.waiting: defaultdict[UUID, list[Arrival]] = defaultdict(list)
        self.members: dict[UUID, Member] = {}
        self.stepped: list[Stepped] = []

    def run(self, now: datetime, random: Random) -> None:
        """Producer by producer; what one of them completed counts only when its events have been handed over."""
        for producer in random.sample(sorted(PRODUCERS), len(PRODUCERS)):
            visible = [each for each in self.unread if each[0] <= now and each[1] == producer]
            self.unread = [each for each in self.unread if each not in visible]
            for _, _, arrival in visible:
                self.waiting[UUID(arrival.event.subject)].append(arrival)
            self.move_all(now)
            hidden = (arrival.appended_at for _, name, arrival in self.unread if name == producer)
            self.complete_to[producer] = min(now, min(hidden, default=END) - INSTANT)
            self.move_all(now)

    def move_all(self, now: datetime) -> None:
        limit = watermark(PRODUCERS, self.complete_to)
        assert limit is not None
        for member_id in {*self.waiting, *self.members}:
            waiting = self.waiting[member_id]
            waiting.sort(key=lambda arrival: arrival.appended_at)
            while waiting:
                bound = limit if self.waits else END
                member = self.members.get(member_id)
                if self.note(step(alone(ENGINE), member, waiting[0], gate=now, watermark=bound)).waits:
                    break
                waiting.pop(0)
            if not waiting:
                self.note(wake(alone(ENGINE), self.members[member_id], up_to=limit, gate=now))

    def note(self, stepped: Stepped) -> Stepped:
        self.stepped.append(stepped)
        self.members[stepped.member.member_id] = stepped.member
        return stepped


def check_nobody_falls_over_unread_input(feed: Feed, delays: list[int], runs: list[int], *, waits: bool = True) -> None:
    """Law 5. Whoever falls by time would have fallen had everything appended by then been read at once."""
    visible_at, latest = list[datetime](), dict[str, datetime]()
    for (producer, arrival), delay in zip(feed, delays, strict=False):
        latest[producer] = max(latest.get(producer, START), arrival.appended_at + delay * HOUR)
        visible_at.append(latest[producer])
    world, now, random = Outage(feed, visible_at, waits=waits), START, Random(len(feed))
    for hours in runs:
        now += hours * HOUR
        world.run(now, random)
    world.run(END, random)
    assert not any(world.waiting.values())
    for stepped in world.stepped:
        mine = [arrival for _, arrival in feed if arrival.event.subject == str(stepped.member.member_id)]
        for transition in stepped.transitions:
            if transition.cause == "time":
                known = facts_of([arrival for arrival in mine if arrival.appended_at < transition.at])
                assert standing(ENGINE, known, transition.at).get(transition.dimension) == transition.current
    for member_id, member in world.members.items():
        mine = [arrival for _, arrival in feed if arrival.event.subject == str(member_id)]
        assert member.standing == standing(ENGINE, facts_of(mine), END)


delays = st.lists(st.sampled_from([0, 0, 0, 1, 30, 400]), min_size=14, max_size=14)
runs = st.lists(st.sampled_from([1, 12, 24, 24, 300]), min_size=20, max_size=40)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), delays=delays, runs=runs)
def test_nobody_falls_over_unread_input(
    data: st.DataObject, delays: list[int], runs: list[int], arrive: Arrive
) -> None:
    check_nobody_falls_over_unread_input(data.draw(feeds(arrive=arrive)), delays, runs)


@pytest.mark.slow
@settings(max_examples=800, deadline=None)
@given(data=st.data(), delays=delays, runs=runs)
def test_nobody_falls_over_unread_input_in_many_outages(
    data: st.DataObject, delays: list[int], runs: list[int], arrive: Arrive
) -> None:
    check_nobody_falls_over_unread_input(data.draw(feeds(arrive=arrive)), delays, runs)


def test_an_event_that_overtakes_another_producers_must_wait(arrive: Arrive) -> None:
    """The relay of orders is down for two days; a chat message would carry the buyer over the day they became at risk."""
    feed: Feed = [
        ("orders", arrive("order.confirmed", START)),
        ("orders", arrive("order.confirmed", START + 24 * HOUR)),
        ("orders", arrive("order.confirmed", START + 15 * 24 * HOUR)),
        ("engagement", arrive("chat.message_counted", START + 16 * 24 * HOUR)),
    ]
    delays, runs = [0, 0, 48, 0], [1] + [6] * 100
    check_nobody_falls_over_unread_input(feed, delays, runs)
    with pytest.raises(AssertionError):
        check_nobody_falls_over_unread_input(feed, delays, runs, waits=False)


def entered(stepped: Stepped) -> list[tuple[Any, ...]]:
    return [(each.previous, each.current, each.episode, each.at, each.cause) for each in stepped.transitions]


def test_the_first_event_enters_the_standing_of_no_facts_and_is_folded_after_it(arrive: Arrive) -> None:
    stepped = step(alone(ENGINE), None, arrive("order.confirmed", START), gate=START, watermark=END)
    assert entered(stepped) == [
        (None, "acquire", 1, START, "event"),
        (None, "active", 1, START, "event"),
        ("acquire", "convert", 1, START, "event"),
    ]


def test_an_event_first_catches_up_through_what_time_changed(arrive: Arrive) -> None:
    engine = compiled(SMALL_POLICY)
    member = step(alone(engine), None, arrive("member.registered", START), gate=START, watermark=END).member
    later = START + timedelta(days=40)
    stepped = step(alone(engine), member, arrive("checkin.recorded", later), gate=later, watermark=END)
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert entered(stepped) == [
        ("active", "at_risk", 1, midnight + timedelta(days=8), "time"),
        ("at_risk", "dormant", 1, midnight + timedelta(days=31), "time"),
        ("acquire", "activate", 1, later, "event"),
        ("dormant", "active", 2, later, "event"),
    ]


def test_a_producers_clock_that_goes_back_does_not_take_the_member_back(arrive: Arrive) -> None:
    member = step(alone(ENGINE), None, arrive("checkin.recorded", START), gate=START, watermark=END).member
    stepped = step(alone(ENGINE), member, arrive("order.confirmed", START - 24 * HOUR), gate=START, watermark=END)
    assert stepped.member.at == START
    assert entered(stepped) == [("activate", "convert", 1, START, "event")]


def test_a_wake_before_anything_is_due_changes_nothing(arrive: Arrive) -> None:
    member = step(alone(ENGINE), None, arrive("checkin.recorded", START), gate=START, watermark=END).member
    due = wake_at(member)
    assert due == START + SILENCE  # nothing was heard yet of the points asked for
    assert wake(alone(ENGINE), member, up_to=due - INSTANT, gate=due) == Stepped(member=member)
    asked = wake(alone(ENGINE), member, up_to=due, gate=due)
    assert [*asked.asked_again] == [effect.request for slot in member.slots for effect in slot.effects]
    assert wake_at(asked.member) == due + 2 * SILENCE


def test_while_a_producer_is_unknown_events_pass_until_something_is_due(arrive: Arrive) -> None:
    member = step(alone(ENGINE), None, arrive("order.confirmed", START), gate=START, watermark=None).member
    assert member.due == START + HOUR  # thanks, an hour after the first order
    soon = arrive("order.confirmed", START + HOUR / 2)
    assert not step(alone(ENGINE), member, soon, gate=START, watermark=None).waits
    late = arrive("order.confirmed", START + 2 * HOUR)
    assert step(alone(ENGINE), member, late, gate=START, watermark=None) == Stepped(member=member, waits=True)
    assert not step(alone(ENGINE), member, late, gate=START, watermark=START + HOUR).waits


@pytest.mark.parametrize("cause", ["policy", "merge", "correction"])
def test_what_the_member_did_not_cause_fires_nothing_not_even_later(cause: Any, arrive: Arrive) -> None:
    member = step(alone(ENGINE), None, arrive("order.confirmed", START), gate=START, watermark=END).member
    nobody = Compare(Days("engaged"), "<", 0)
    stages = [Value("acquire", Always()), *(Value(each.name, nobody) for each in POLICY.stages[1:])]
    other = compiled(msgspec.structs.replace(POLICY, stages=tuple(stages)))
    before = reconsidered(other, member, at=START, cause=cause, gate=START).member
    assert before.stage == "acquire"
    stepped = reconsidered(ENGINE, before, at=START, cause=cause, gate=START)
    assert entered(stepped) == [("acquire", "convert", 2, START, cause)]
    assert not stepped.decisions
    assert not stepped.member.pending
    later = wake(alone(ENGINE), stepped.member, up_to=START + timedelta(days=6), gate=START)
    dated = {rule.id for rule in ENGINE.on_dates}  # what the calendar brings is brought by time
    assert [decision for decision in later.decisions if decision.requests and decision.rule not in dated] == []


def test_stages_fall_by_refund_and_never_by_time(arrive: Arrive) -> None:
    member = step(alone(ENGINE), None, arrive("order.confirmed", START), gate=START, watermark=END).member
    assert wake(alone(ENGINE), member, up_to=END, gate=START).member.stage == "convert"
    voided = step(
        alone(ENGINE), member, arrive("order.voided", START + HOUR, confirmed_at=START), gate=START, watermark=END
    )
    assert entered(voided) == [("convert", "acquire", 2, START + HOUR, "event")]


def test_a_segment_is_entered_and_left_and_entered_again(arrive: Arrive) -> None:
    orders = [
        arrive("order.confirmed", START + day * 24 * HOUR, confirmed_at=START + day * 24 * HOUR)
        for day in (0, 1, 90, 91)
    ]
    member, told = None, list[Stepped]()
    for order in orders:
        told.append(step(alone(ENGINE), member, order, gate=order.appended_at, watermark=END))
        member = told[-1].member
    assert member is not None
    found = [each for stepped in told for each in stepped.transitions if each.dimension in {"loyal", "sleepy"}]
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert [(each.previous, each.current, each.episode, each.at, each.cause) for each in found] == [
        (None, "loyal", 1, START + 24 * HOUR, "event"),
        (None, "sleepy", 1, midnight + timedelta(days=16), "time"),  # at risk, 14 days after the second order
        ("loyal", None, 1, midnight + timedelta(days=60), "time"),
        ("sleepy", None, 1, midnight + timedelta(days=60), "time"),
        (None, "loyal", 2, START + 91 * 24 * HOUR, "event"),
    ]
    assert member.segments == {"loyal"}
    assert member.standing["loyal"] == "loyal"
    acted = [
        (each.rule, each.key, each.reason)
        for stepped in told
        for each in stepped.decisions
        if each.rule in {"loyal", "sleepy"}
    ]
    assert acted == [("loyal", "loyal#1", "stale"), ("sleepy", "sleepy#1", "stale")]


@pytest.mark.parametrize("segments", [(), POLICY.segments[1:]])
def test_a_segment_that_a_policy_no_longer_has_is_left(segments: tuple[Value, ...], arrive: Arrive) -> None:
    member = None
    for day in range(2):
        at = START + day * 24 * HOUR
        member = step(
            alone(ENGINE), member, arrive("order.confirmed", at, confirmed_at=at), gate=at, watermark=END
        ).member
    assert member is not None
    rules = tuple(rule for rule in POLICY.rules if rule.id not in {"sleepy", "loyal"})
    other = compiled(msgspec.structs.replace(POLICY, segments=segments, rules=rules))
    stepped = reconsidered(other, member, at=member.at, cause="policy", gate=member.at)
    assert entered(stepped) == ([] if segments else [("loyal", None, 1, member.at, "policy")])
