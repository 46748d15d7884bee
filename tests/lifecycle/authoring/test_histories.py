"""Where the shipped policy lands members whom a shop would recognise, what it does for them, and what not, and why."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from common.contracts.lifecycle import IssueCoupon
from factories.policies import DEFAULT_POLICY
from lifecycle.engine.domain import compiled
from lifecycle.members.domain import Member
from lifecycle.policy.holdouts.domain import Holdout, arm_of
from lifecycle.publishing.versions.domain import alone
from lifecycle.stepping.decisions.domain import Decision
from lifecycle.stepping.domain import Arrival, step, wake
from lifecycle.stepping.moments.domain import Stepped

ENGINE = compiled(DEFAULT_POLICY)
MORNING = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # 09:30 of a Monday in Shanghai
Arrive = Callable[..., Arrival]


class Doing(NamedTuple):
    day: float
    name: str
    fields: dict[str, Any]


def does(name: str, **fields: Any) -> Callable[..., Doing]:
    return lambda day, **more: Doing(day, name, fields | more)


joins, agrees = does("member.registered"), does("consent.changed", purpose="promo", given=True)
refuses = does("consent.changed", purpose="promo", given=False)
chats, checks_in, reads = does("chat.message_counted"), does("checkin.recorded"), does("message.read")
buys, claims, voids = does("order.confirmed"), does("coupon.claimed"), does("order.voided", confirmed_at=MORNING)
refunded, complains = does("order.refunded"), does("complaint.opened")
born, lives = does("birthday.told"), does("timezone.told")
settled = does("complaint.closed", opened_at=MORNING)


def is_treated(number: int) -> bool:
    """Held out of nothing."""
    salts = [("global-2026q4", 500), *((rule.id, rule.held_out) for rule in DEFAULT_POLICY.rules)]
    unit = str(UUID(int=number))
    return all(arm_of(Holdout(salt=salt, share=share), unit) == "treated" for salt, share in salts)


ANNA = next(number for number in range(1, 1_000) if is_treated(number))


class Life(NamedTuple):
    member: Member
    entered: list[str]
    decided: list[Decision]

    @property
    def acted(self) -> list[str]:
        return [each.rule for each in self.decided if each.requests]

    def reasons(self, rule: str) -> list[str]:
        return [each.reason or "acted" for each in self.decided if each.rule == rule]

    def day(self, rule: str) -> list[str]:
        """When it acted, in Shanghai."""
        acted = (each.until or each.at for each in self.decided if each.rule == rule and each.requests)
        return [f"{at + timedelta(hours=8):%m-%d %H:%M}" for at in acted]


def live(doings: list[Doing], until: float, arrive: Arrive, *, who: int = ANNA) -> Life:
    """The member on a day, every value they entered, and what was decided. Nobody is ever late."""
    entered, decided = list[str](), list[Decision]()

    def note(now: Stepped) -> Member:
        entered.extend(transition.current for transition in now.transitions if transition.current)
        decided.extend(now.decisions)
        return now.member

    def wait(member: Member, to: datetime) -> Member:
        while member.due is not None and member.due <= to:
            member = note(wake(alone(ENGINE), member, up_to=member.due, gate=member.due))
        return member

    member: Member | None = None
    for number, (day, name, fields) in enumerate(doings):
        at = MORNING + timedelta(days=day)
        member = wait(member, at) if member else None
        arrival = arrive(name, at, member=who, number=number, appended_at=at, **fields)
        member = note(step(alone(ENGINE), member, arrival, gate=at, watermark=at))
    assert member is not None
    return Life(wait(member, MORNING + timedelta(days=until)), entered, decided)


def newcomer(*doings: Doing) -> list[Doing]:
    """Registers in the morning, and agrees to be written to."""
    return [joins(0), agrees(0), *doings]


OFFERS = ["welcome", "seven_days", "say_hello", "seven_days"]
"""Of a week with three messages at most, of which one is kept for what matters more."""
HISTORIES: list[tuple[str, list[Doing], float, str, str, list[str]]] = [
    ("just joined", newcomer(), 0, "acquire", "active", ["welcome"]),
    ("never agreed to be written to", [joins(0)], 8, "acquire", "at_risk", ["welcome"]),
    ("joined and never seen again", newcomer(), 8, "acquire", "at_risk", [*OFFERS, "at_risk"]),
    ("a month without a sign", newcomer(), 32, "acquire", "dormant", [*OFFERS, "at_risk", "dormant"]),
    ("two months without a sign", newcomer(), 62, "acquire", "lost", [*OFFERS, "at_risk", "dormant", "win_back"]),
    ("chatted on the first day", newcomer(chats(0)), 3, "activate", "active", ["welcome", *["seven_days"] * 2]),
    (
        "here on three days",
        newcomer(chats(0), checks_in(1), reads(4)),
        8,
        "retain",
        "active",
        ["welcome", *["seven_days"] * 2, "first_order"],
    ),
    ("bought at once", newcomer(buys(0)), 1, "convert", "active", ["welcome", "thanks"]),
    ("one order, then a week", newcomer(buys(0)), 7, "convert", "active", ["welcome", "thanks", "second_order"]),
    ("twice on one day is one buying day", newcomer(buys(0), buys(0.1)), 1, "convert", "active", ["welcome", "thanks"]),
    ("came back within the week", newcomer(buys(0), buys(3)), 8, "repurchase", "active", ["welcome", "thanks"]),
    (
        "weekly buyer, a fortnight late",
        newcomer(buys(0), buys(7), buys(14)),
        30,
        "repurchase",
        "at_risk",
        ["welcome", "thanks", "second_order", "at_risk"],
    ),
    (
        "buys every three weeks, on time",
        newcomer(buys(0), buys(21), buys(42)),
        72,
        "repurchase",
        "active",
        ["welcome", "thanks", "second_order"],
    ),
    (
        "bought once, then forgotten",
        newcomer(buys(0)),
        47,
        "convert",
        "dormant",
        ["welcome", "thanks", "second_order", "dormant"],
    ),
    (
        "gone for three months",
        newcomer(buys(0), buys(3)),
        95,
        "repurchase",
        "lost",
        ["welcome", "thanks", "at_risk", "dormant", "win_back"],
    ),
    (
        "lost, then back",
        newcomer(buys(0), buys(3), buys(100)),
        101,
        "repurchase",
        "active",
        ["welcome", "thanks", "at_risk", "dormant", "win_back", "came_back"],
    ),
    (
        "buys every third day",
        newcomer(*map(buys, range(0, 18, 3))),
        16,
        "repurchase",
        "active",
        ["welcome", "thanks", "loyal"],
    ),
    (
        "talks and never buys",
        newcomer(*(chats(day, messages=4) for day in (0, 0.1, 0.2))),
        2,
        "activate",
        "active",
        ["welcome", "chat_to_buy", "seven_days"],
    ),
    (
        "checks in every day for a fortnight",
        newcomer(*map(checks_in, range(15))),
        15,
        "retain",
        "active",
        ["welcome", "seven_days", "seven_days", "streak", "seven_days", "streak"],
    ),
    (
        "only order voided",
        newcomer(chats(0), buys(0), voids(1)),
        2,
        "activate",
        "active",
        ["welcome", "thanks", "seven_days"],
    ),
    ("refunded twice", newcomer(buys(0), refunded(1), refunded(2)), 7, "convert", "active", ["welcome", "thanks"]),
    (
        "complains",
        newcomer(buys(0), complains(1)),
        7,
        "convert",
        "active",
        ["welcome", "thanks", "complaint"],
    ),
    ("withdraws the consent", newcomer(buys(0), refuses(3)), 7, "convert", "active", ["welcome", "thanks"]),
    (
        "has a birthday",
        newcomer(buys(0), born(0, birthday="03-20")),
        19,
        "convert",
        "active",
        ["welcome", "thanks", "second_order", "birthday"],
    ),
]


@pytest.mark.parametrize(
    ("history", "doings", "until", "stage", "health", "acted"), HISTORIES, ids=[h[0] for h in HISTORIES]
)
def test_where_members_land(
    history: str, doings: list[Doing], until: float, stage: str, health: str, acted: list[str], arrive: Arrive
) -> None:
    life = live(doings, until, arrive)
    assert (life.member.stage, life.member.health) == (stage, health), history
    assert life.acted == acted, history


def test_the_road_from_stranger_to_regular(arrive: Arrive) -> None:
    life = live([joins(0), chats(1), checks_in(2), chats(3), buys(5), buys(8)], 9, arrive)
    assert life.entered == ["acquire", "active", "activate", "retain", "convert", "repurchase"]


def test_silence_takes_a_buyer_through_every_health_once(arrive: Arrive) -> None:
    life = live([buys(0), buys(7)], 120, arrive)
    assert life.entered[-3:] == ["at_risk", "dormant", "lost"]
    assert life.member.stage == "repurchase"


def test_why_nothing_is_sent(arrive: Arrive) -> None:
    assert set(live([joins(0)], 8, arrive).reasons("seven_days")) == {"no_consent"}
    assert live(newcomer(buys(0), refunded(1), refunded(2)), 7, arrive).reasons("second_order") == ["refused_by_state"]
    assert live(newcomer(buys(0), refuses(3)), 7, arrive).reasons("second_order") == ["no_consent"]
    week = live(newcomer(), 8, arrive).reasons("seven_days")
    assert [week.count(reason) for reason in ("acted", "capped")] == [2, 5]


def test_a_voided_order_takes_the_thanks_with_it(arrive: Arrive) -> None:
    soon = live(newcomer(buys(0), voids(0.02)), 2, arrive)
    assert (soon.reasons("thanks"), "thanks" in soon.acted) == (["undone"], False)
    later = live(newcomer(buys(0), voids(1)), 2, arrive)
    assert [slot.state for slot in later.member.slots if slot.rule == "thanks"] == ["undoing"]
    assert live(newcomer(buys(0), buys(3), voids(4)), 5, arrive).member.slots[-1].state == "open"  # one is left


def test_at_night_only_what_is_owed_is_sent(arrive: Arrive) -> None:
    late = live([joins(0.55), agrees(0.55), buys(0.56)], 2, arrive)  # 22:42
    assert late.acted == ["welcome", "thanks"]
    assert late.reasons("thanks") == ["quiet_hours", "acted"]
    (held,) = [each.until for each in late.decided if each.until]
    assert timedelta(0) <= held - MORNING - timedelta(hours=23) <= timedelta(hours=1.5)


def test_a_birthday_is_by_the_members_own_clock(arrive: Arrive) -> None:
    there = live(newcomer(born(0, birthday="03-20"), lives(0, tz="America/New_York")), 25, arrive)
    (present,) = [each for each in there.decided if each.rule == "birthday" and each.requests]
    assert present.at == datetime(2026, 3, 20, 13, tzinfo=UTC)
    assert [each.action for each in present.requests] == [IssueCoupon(template="birthday_8")]
    assert present.requests[0].consent == "promo"


def test_who_is_held_out_is_sent_what_is_owed_and_nothing_else(arrive: Arrive) -> None:
    number = next(
        number
        for number in range(1, 1_000)
        if arm_of(Holdout(salt="global-2026q4", share=500), str(UUID(int=number))) == "held_out"
    )
    life = live(newcomer(buys(0)), 7, arrive, who=number)
    assert life.acted == ["welcome"]
    assert life.reasons("thanks") == ["held_out"]


def test_every_part_has_a_title_in_both_languages() -> None:
    policy = DEFAULT_POLICY
    values = [value.title for value in (*policy.stages, *policy.health, *policy.segments)]
    titles = [*values, *(rule.title for rule in policy.rules), *(metric.title for metric in policy.metrics)]
    assert all(title is not None and title.en and title.zh and title.en != title.zh for title in titles)
