"""What stops a rule or makes it wait, over whole histories of a member (law 11)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.lifecycle import ActionRequested, GrantPoints, SendMessage
from factories.policies import SMALL_POLICY
from lifecycle.calendars.domain import Calendar
from lifecycle.conditions.expressions.domain import Compare, Count, In, Said
from lifecycle.engine.domain import Engine, compiled
from lifecycle.members.domain import Member, decode, encode
from lifecycle.policy.caps.domain import Cap, Keep, free_at
from lifecycle.policy.domain import Value
from lifecycle.policy.guards.domain import Guards, SendClass
from lifecycle.policy.holdouts.domain import BUCKETS, Holdout, arm_of
from lifecycle.policy.quiet.domain import Quiet, quiet_until
from lifecycle.policy.rulebook.domain import Cooldown, Enters, On, Rule
from lifecycle.policy.soundness.domain import PolicyError
from lifecycle.policy.sources.domain import AttributeSource
from lifecycle.publishing.versions.domain import alone
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.domain import Arrival, step, wake
from lifecycle.stepping.moments.domain import Stepped

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # a Monday, noon in Shanghai
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
POINT = (GrantPoints(points=1, reason="test"),)
INBOX = (SendMessage(template="hello", channel="inbox"),)
A_DAY = Cap(sent_as="promo", most=1, per="day")
NIGHT = Quiet(begins=time(21, 30), ends=time(8, 30))
Arrive = Callable[..., Arrival]


def engine_of(*rules: Rule, **guards: Any) -> Engine:
    policy = msgspec.structs.replace(SMALL_POLICY, rules=rules, guards=Guards(**guards))
    return compiled(policy)


def promo(**fields: Any) -> Rule:
    given: dict[str, Any] = {
        "id": "offer",
        "trigger": On("checkin.recorded"),
        "reentry": "each",
        "sent_as": "promo",
        "actions": POINT,
    }
    return Rule(**given | fields)


@dataclass
class History:
    """A member's, in which time passes between the events: what was decided, and when what was released."""

    engine: Engine
    late: timedelta = timedelta(0)
    member: Member | None = None
    decided: list[Decision] = field(default_factory=list)
    released: list[tuple[datetime, ActionRequested]] = field(default_factory=list)

    def arrives(self, arrival: Arrival) -> None:
        at = arrival.appended_at
        self.passes(at)
        self._note(step(alone(self.engine), self.member, arrival, gate=at + self.late, watermark=at), at + self.late)

    def passes(self, to: datetime) -> None:
        while self.member is not None and self.member.due is not None and self.member.due <= to:
            gate = self.member.due + self.late
            self._note(wake(alone(self.engine), self.member, up_to=self.member.due, gate=gate), gate)

    def _note(self, stepped: Stepped, gate: datetime) -> None:
        assert decode(encode(stepped.member)) == stepped.member
        self.member = stepped.member
        self.decided += stepped.decisions
        self.released += [(gate, request) for decision in stepped.decisions for request in decision.requests]

    @property
    def outcomes(self) -> list[str]:
        return [
            f"{decision.reason} until {decision.until.astimezone(SHANGHAI):%d %H:%M}"
            if decision.until
            else decision.reason or "acted"
            for decision in self.decided
        ]


def after(engine: Engine, arrivals: Sequence[Arrival], *, days: int = 10, late: timedelta = timedelta(0)) -> History:
    history = History(engine, late)
    for arrival in arrivals:
        history.arrives(arrival)
    history.passes(arrivals[-1].appended_at + days * DAY)
    return history


def test_a_full_cap_makes_the_next_wait_for_its_period(arrive: Arrive) -> None:
    history = after(
        engine_of(promo(), caps=(A_DAY,)), [arrive("checkin.recorded", NOON + n * HOUR, number=n) for n in range(2)]
    )
    assert history.outcomes == ["acted", "capped until 24 00:00", "acted"]
    assert [at.astimezone(SHANGHAI).day for at, _ in history.released] == [23, 24]


def test_what_waits_longer_than_it_is_valid_is_given_up(arrive: Arrive) -> None:
    rule = promo(valid_for=6 * HOUR)
    history = after(
        engine_of(rule, caps=(A_DAY,)), [arrive("checkin.recorded", NOON + n * HOUR, number=n) for n in range(2)]
    )
    assert history.outcomes == ["acted", "capped"]


def test_a_rule_may_give_up_at_a_full_cap(arrive: Arrive) -> None:
    history = after(
        engine_of(promo(capped="drop"), caps=(A_DAY,)),
        [arrive("checkin.recorded", NOON + n * HOUR, number=n) for n in range(2)],
    )
    assert history.outcomes == ["acted", "capped"]


def test_a_capped_once_survives_until_it_is_no_longer_valid_and_is_not_used_up_then(arrive: Arrive) -> None:
    once = promo(id="once", trigger=On("message.read"), reentry="once", valid_for=30 * HOUR, priority=10)
    a_week = Cap(sent_as="promo", most=1, per="week")
    arrivals = [
        arrive("checkin.recorded", NOON),
        arrive("message.read", NOON + HOUR),  # capped until Monday: too late
        arrive("message.read", NOON + 7 * DAY),
    ]
    history = after(engine_of(promo(), once, caps=(a_week,)), arrivals)
    assert history.outcomes == ["acted", "capped", "acted"]


def test_kept_places_wait_for_what_matters_more(arrive: Arrive) -> None:
    cap = Cap(sent_as="promo", most=2, per="day", keep=Keep(70, 1))
    thanks = promo(id="thanks", trigger=On("message.read"), priority=80)
    names = ["checkin.recorded", "checkin.recorded", "message.read"]
    arrivals = [arrive(name, NOON + n * HOUR, number=n) for n, name in enumerate(names)]
    history = after(engine_of(promo(capped="drop"), thanks, caps=(cap,)), arrivals)
    assert history.outcomes == ["acted", "capped", "acted"]


def test_a_refused_send_gives_its_place_back(arrive: Arrive) -> None:
    engine = engine_of(promo(capped="drop"), caps=(A_DAY,))
    history = History(engine)
    history.arrives(arrive("checkin.recorded", NOON))
    ((_, request),) = history.released
    history.arrives(arrive("reward.refused", NOON + HOUR, action_id=request.action_id, reason="supply_exhausted"))
    history.arrives(arrive("checkin.recorded", NOON + 2 * HOUR, number=1))
    history.arrives(arrive("checkin.recorded", NOON + 3 * HOUR, number=2))
    assert history.outcomes == ["acted", "acted", "capped"]


def test_the_night_is_waited_out(arrive: Arrive) -> None:
    late_evening = NOON + 11 * HOUR
    history = after(engine_of(promo(actions=INBOX), quiet=NIGHT), [arrive("checkin.recorded", late_evening)])
    assert history.outcomes == ["quiet_hours until 24 08:30", "acted"]
    assert history.released[0][1].valid_until == late_evening + 48 * HOUR


def test_after_the_night_members_are_sent_to_at_moments_of_their_own(arrive: Arrive) -> None:
    spread = msgspec.structs.replace(NIGHT, spread=timedelta(minutes=90))
    engine = engine_of(promo(), quiet=spread)
    moments = {
        after(engine, [arrive("checkin.recorded", NOON + 11 * HOUR, member=member)]).released[0][0]
        for member in range(1, 30)
    }
    begins = datetime(2026, 11, 24, 8, 30, tzinfo=SHANGHAI)
    assert len(moments) > 25
    assert all(begins <= moment <= begins + timedelta(minutes=90) for moment in moments)


def test_a_class_may_be_sent_at_night(arrive: Arrive) -> None:
    classes = (SendClass(name="promo", quiet=False),)
    history = after(engine_of(promo(), quiet=NIGHT, classes=classes), [arrive("checkin.recorded", NOON + 11 * HOUR)])
    assert history.outcomes == ["acted"]


def test_releasing_asks_everything_again(arrive: Arrive) -> None:
    """Who bought in the night is no longer reminded to."""
    rule = promo(condition=Compare(Count("orders"), "==", 0))
    arrivals = [arrive("checkin.recorded", NOON + 11 * HOUR), arrive("order.confirmed", NOON + 12 * HOUR)]
    assert after(engine_of(rule, quiet=NIGHT), arrivals).outcomes == ["quiet_hours until 24 08:30", "condition_false"]


def test_who_left_while_it_waited_is_told_so_at_once(arrive: Arrive) -> None:
    rule = promo(trigger=Enters("convert"))
    night = NOON + 11 * HOUR
    arrivals = [arrive("order.confirmed", night), arrive("order.voided", night + HOUR, confirmed_at=night)]
    history = after(engine_of(rule, quiet=NIGHT), arrivals)
    assert history.outcomes == ["quiet_hours until 24 08:30", "not_still"]


def test_one_key_waits_once(arrive: Arrive) -> None:
    rule = promo(reentry="once")
    arrivals = [arrive("checkin.recorded", NOON + n * HOUR, number=n) for n in (11, 12)]
    history = after(engine_of(rule, quiet=NIGHT), arrivals)
    assert history.outcomes == ["quiet_hours until 24 08:30", "already_waiting", "acted"]


def test_what_waits_cools_down_as_what_was_sent(arrive: Arrive) -> None:
    rule = promo(reentry=Cooldown(3))
    arrivals = [arrive("checkin.recorded", NOON + n * HOUR, number=n) for n in (11, 12)]
    history = after(engine_of(rule, quiet=NIGHT), arrivals)
    assert history.outcomes == ["quiet_hours until 24 08:30", "cooling_down", "acted"]


def test_a_state_may_refuse_a_class(arrive: Arrive) -> None:
    classes = (SendClass(name="promo", refuse_if=Compare(Count("refunds"), ">=", 1)),)
    arrivals = [arrive("order.refunded", NOON), arrive("checkin.recorded", NOON + HOUR)]
    assert after(engine_of(promo(), classes=classes), arrivals).outcomes == ["refused_by_state"]


def test_who_is_held_out_would_have_been_sent_to_and_is_not_asked_again(arrive: Arrive) -> None:
    engine = engine_of(promo(reentry="once", held_out=BUCKETS), quiet=NIGHT)
    arrivals = [arrive("checkin.recorded", NOON + n * HOUR, number=n) for n in (11, 30)]
    history = after(engine, arrivals)
    assert history.outcomes == ["quiet_hours until 24 08:30", "held_out", "already_fired"]


def test_the_policys_holdout_holds_for_the_classes_that_say_so(arrive: Arrive) -> None:
    everybody = Holdout(salt="global", share=BUCKETS)
    owed = promo(id="owed", sent_as="service")
    classes = (SendClass(name="service", held_out=False),)
    history = after(engine_of(promo(), owed, holdout=everybody, classes=classes), [arrive("checkin.recorded", NOON)])
    assert {decision.rule: decision.reason for decision in history.decided} == {"offer": "held_out", "owed": None}


def test_a_community_is_held_out_whole_and_its_members_stay_what_they_were_drawn_as(arrive: Arrive) -> None:
    """Who talks with one another hears of what the others got; who moves on is not drawn anew."""
    source = AttributeSource(name="community", number=1, event="community.joined", field="community_id")
    half = Holdout(salt="q4", share=BUCKETS // 2, unit="community")
    policy = msgspec.structs.replace(SMALL_POLICY, rules=(promo(),), attributes=(source,), guards=Guards(holdout=half))
    engine = compiled(policy)
    held, treated = sorted((UUID(int=n) for n in range(1, 40)), key=lambda unit: arm_of(half, str(unit)) == "treated")[
        ::38
    ]
    for community, other, outcome in ((held, treated, "held_out"), (treated, held, "acted")):
        for member in range(1, 6):
            history = History(engine)
            history.arrives(arrive("community.joined", NOON, member=member, community_id=community))
            history.arrives(arrive("checkin.recorded", NOON + HOUR, member=member))
            history.arrives(arrive("community.joined", NOON + 2 * HOUR, member=member, community_id=other))
            history.arrives(arrive("checkin.recorded", NOON + 3 * HOUR, member=member, number=1))
            assert history.outcomes == [outcome, outcome]


def test_who_is_in_no_community_is_a_unit_alone(arrive: Arrive) -> None:
    source = AttributeSource(name="community", number=1, event="community.joined", field="community_id")
    half = Holdout(salt="q4", share=BUCKETS // 2, unit="community")
    policy = msgspec.structs.replace(SMALL_POLICY, rules=(promo(),), attributes=(source,), guards=Guards(holdout=half))
    outcomes = set()
    for member in range(1, 30):
        history = after(compiled(policy), [arrive("checkin.recorded", NOON, member=member)])
        assert (history.outcomes == ["held_out"]) == (arm_of(half, str(UUID(int=member))) == "held_out")
        outcomes.update(history.outcomes)
    assert outcomes == {"held_out", "acted"}


def test_a_late_worker_decides_by_its_own_clock(arrive: Arrive) -> None:
    """What was to be released at 08:30 is found at 23:00; by the next morning it is no longer valid."""
    history = after(
        engine_of(promo(), quiet=NIGHT), [arrive("checkin.recorded", NOON - 4 * HOUR)], late=14 * HOUR + HOUR / 2
    )
    assert history.outcomes == ["quiet_hours until 24 08:30", "quiet_hours"]
    assert not history.released


some_caps = st.lists(
    st.builds(
        Cap,
        sent_as=st.just("promo"),
        most=st.integers(1, 3),
        per=st.sampled_from(["day", "week", "month"]),
        channel=st.sampled_from([None, "inbox"]),
        keep=st.none() | st.builds(Keep, priority=st.integers(1, 90), slots=st.just(1)),
    ),
    max_size=3,
)
SENT = ["checkin.recorded", "message.read", "order.confirmed"]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), caps=some_caps, late=st.integers(0, 30))
def test_no_period_ever_holds_more_sends_than_its_cap(
    data: st.DataObject, caps: list[Cap], late: int, arrive: Arrive
) -> None:
    rules = [
        promo(id=f"on_{n}", trigger=On(name), priority=30 * n, actions=INBOX if n else POINT, valid_for=6 * DAY)
        for n, name in enumerate(SENT)
    ]
    engine = engine_of(*rules, caps=tuple(caps), quiet=NIGHT)
    history, at = History(engine, late * HOUR), NOON
    answered = 0
    for number, (name, hours, refuse) in enumerate(
        data.draw(st.lists(st.tuples(st.sampled_from(SENT), st.integers(0, 40), st.booleans()), max_size=25))
    ):
        at += hours * HOUR
        history.arrives(arrive(name, at, number=number))
        if refuse and answered < len(history.released):
            history.arrives(
                arrive(
                    "reward.refused", at, action_id=history.released[answered][1].action_id, reason="supply_exhausted"
                )
            )
            history.released.pop(answered)
        answered = len(history.released)
    history.passes(at + 40 * DAY)
    for gate, _ in history.released:
        assert quiet_until(NIGHT, gate, SHANGHAI) is None
    calendar = Calendar(SHANGHAI)
    for cap in caps:
        counted = [
            free_at(cap, gate, calendar)
            for gate, request in history.released
            if cap.channel is None or getattr(request.action, "channel", None) == cap.channel
        ]
        assert all(counted.count(period) <= cap.most for period in counted)


@pytest.mark.parametrize("late", [0, 5])
def test_counting_at_the_decision_would_let_more_through(arrive: Arrive, late: int) -> None:
    """The negative control: two nights' offers decided on different days are released on the same morning."""
    nights = [arrive("checkin.recorded", NOON + 11 * HOUR), arrive("checkin.recorded", NOON + 13 * HOUR, number=1)]
    unlimited = after(engine_of(promo(), quiet=NIGHT), nights, late=late * timedelta(minutes=1))
    limited = after(engine_of(promo(), quiet=NIGHT, caps=(A_DAY,)), nights, late=late * timedelta(minutes=1))
    assert len({at.astimezone(SHANGHAI).date() for at, _ in unlimited.released}) == 1
    assert len({at.astimezone(SHANGHAI).date() for at, _ in limited.released}) == 2


KNOWING = msgspec.structs.replace(
    SMALL_POLICY,
    attributes=(
        AttributeSource(name="consent_promo", number=1, event="order.refunded", field="full"),
        AttributeSource(name="tz", number=2, event="coupon.claimed", field="template"),
    ),
    segments=(Value("sore", Compare(Count("refunds"), ">=", 2)),),
)


def knowing(*rules: Rule, **guards: Any) -> Engine:
    return compiled(msgspec.structs.replace(KNOWING, rules=rules, guards=Guards(**guards)))


def test_a_class_may_need_consent_and_what_was_told_last_counts(arrive: Arrive) -> None:
    engine = knowing(promo(), classes=(SendClass(name="promo", consent="promo"),))
    history = History(engine)
    for number, told in enumerate([None, True, False]):
        if told is not None:
            history.arrives(arrive("order.refunded", NOON + number * HOUR, full=told))
        history.arrives(arrive("checkin.recorded", NOON + number * HOUR, number=number))
    assert history.outcomes == ["no_consent", "acted", "no_consent"]


def test_a_class_may_be_refused_to_a_segment(arrive: Arrive) -> None:
    engine = knowing(promo(), classes=(SendClass(name="promo", refuse_if=In("sore")),))
    refunds = [arrive("order.refunded", NOON + n * HOUR, number=n) for n in (1, 2)]
    history = after(engine, [arrive("checkin.recorded", NOON), *refunds, arrive("checkin.recorded", NOON + 3 * HOUR)])
    assert history.outcomes == ["acted", "refused_by_state"]


@pytest.mark.parametrize(("clock", "expected"), [("business", "acted"), ("member", "quiet_hours until 23 21:30")])
def test_quiet_hours_are_those_of_the_members_clock(clock: Any, expected: str, arrive: Arrive) -> None:
    """Noon in Shanghai is 23:00 of the day before in New York, in winter."""
    engine = knowing(promo(), quiet=msgspec.structs.replace(NIGHT, clock=clock))
    moved = arrive("coupon.claimed", NOON - HOUR, template="America/New_York")
    assert after(engine, [moved, arrive("checkin.recorded", NOON)]).outcomes[0] == expected


def test_what_waits_still_knows_the_event_that_triggered_it(arrive: Arrive) -> None:
    rule = promo(trigger=On("order.confirmed"), condition=Said("amount_minor", ">=", (700,)))
    orders = [
        arrive("order.confirmed", NOON + n * HOUR, number=n, amount_minor=amount)
        for n, amount in enumerate((700, 700, 699))
    ]
    history = after(knowing(rule, caps=(A_DAY,)), orders)
    assert history.outcomes == ["acted", "capped until 24 00:00", "condition_false", "acted"]
    assert [decision.values for decision in history.decided] == [
        {"event.amount_minor": n} for n in (700, 700, 699, 700)
    ]


@pytest.mark.parametrize(
    "guards",
    [
        Guards(classes=(SendClass(name="promo", consent="news"),)),
        Guards(classes=(SendClass(name="promo", refuse_if=In("happy")),)),
        Guards(classes=(SendClass(name="promo", refuse_if=Said("full", "==", (True,))),)),
    ],
)
def test_guards_ask_only_what_is_declared(guards: Guards) -> None:
    with pytest.raises(PolicyError, match=r"guards\.classes\.promo: "):
        msgspec.structs.replace(KNOWING, guards=guards)
