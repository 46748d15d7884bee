"""Where the default policy lands members whom a shop would recognise, and what it does for them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from factories.policies import DEFAULT_POLICY
from lifecycle.engine.domain import compiled
from lifecycle.members.domain import Member
from lifecycle.moments.domain import Stepped
from lifecycle.stepping.domain import Arrival, step, wake
from lifecycle.versions.domain import alone

ENGINE = compiled(DEFAULT_POLICY)
MORNING = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
Arrive = Callable[..., Arrival]
Doing = tuple[int, str]

JOINS, CHATS, CHECKS_IN, READS = "member.registered", "chat.message_counted", "checkin.recorded", "message.read"
BUYS, CLAIMS, REFUNDED, VOIDED = "order.confirmed", "coupon.claimed", "order.refunded", "order.voided"


def live(doings: list[Doing], until: int, arrive: Arrive) -> tuple[Member, list[str], list[str]]:
    """The member on a day, every value they entered, and the rules that acted. Nobody is ever late."""
    entered, acted = list[str](), list[str]()

    def note(now: Stepped) -> Member:
        entered.extend(transition.current for transition in now.transitions if transition.current)
        acted.extend(decision.rule for decision in now.decisions if decision.requests)
        return now.member

    def wait(member: Member, to: datetime) -> Member:
        while member.due is not None and member.due <= to:
            member = note(wake(alone(ENGINE), member, up_to=member.due, gate=member.due))
        return member

    member: Member | None = None
    for number, (day, name) in enumerate(doings):
        at = MORNING + timedelta(days=day)
        fields = {"confirmed_at": MORNING} if name == VOIDED else {}
        member = wait(member, at) if member else None
        member = note(step(alone(ENGINE), member, arrive(name, at, number=number, **fields), gate=at, watermark=at))
    assert member is not None
    return wait(member, MORNING + timedelta(days=until)), entered, acted


HISTORIES: list[tuple[str, list[Doing], int, str, str, list[str]]] = [
    ("just joined", [(0, JOINS)], 0, "acquire", "active", ["welcome"]),
    ("joined and never seen again", [(0, JOINS)], 8, "acquire", "at_risk", ["welcome", "say_hello", "at_risk"]),
    ("a month without a sign", [(0, JOINS)], 31, "acquire", "dormant", ["welcome", "say_hello", "at_risk"]),
    ("two months without a sign", [(0, JOINS)], 61, "acquire", "lost", ["welcome", "say_hello", "at_risk"]),
    ("chatted on the first day", [(0, JOINS), (0, CHATS)], 3, "activate", "active", ["welcome"]),
    ("here on three days", [(0, JOINS), (0, CHATS), (1, CHECKS_IN), (4, READS)], 6, "retain", "active", ["welcome"]),
    ("bought at once, never chatted", [(0, JOINS), (0, BUYS)], 1, "convert", "active", ["welcome", "thanks"]),
    (
        "one order, then a week",
        [(0, JOINS), (0, BUYS)],
        7,
        "convert",
        "active",
        ["welcome", "thanks", "second_order"],
    ),
    (
        "twice on one day is one buying day",
        [(0, JOINS), (0, BUYS), (0, BUYS)],
        1,
        "convert",
        "active",
        ["welcome", "thanks"],
    ),
    ("came back within the week", [(0, BUYS), (3, BUYS)], 8, "repurchase", "active", ["thanks"]),
    (
        "weekly buyer, a fortnight late",
        [(0, BUYS), (7, BUYS), (14, BUYS)],
        29,
        "repurchase",
        "at_risk",
        ["thanks", "second_order", "at_risk"],
    ),
    (
        "buys every three weeks, on time",
        [(0, BUYS), (21, BUYS), (42, BUYS)],
        72,
        "repurchase",
        "active",
        ["thanks", "second_order"],
    ),
    ("only order voided", [(0, CHATS), (0, BUYS), (1, VOIDED)], 2, "activate", "active", ["thanks"]),
    ("refunded in part", [(0, BUYS), (1, REFUNDED)], 2, "convert", "active", ["thanks"]),
    (
        "loyal, then gone for three months",
        [(0, BUYS), (2, BUYS), (4, BUYS)],
        95,
        "repurchase",
        "lost",
        ["thanks", "at_risk"],
    ),
    ("bought once, six weeks ago", [(0, BUYS)], 45, "convert", "active", ["thanks", "second_order"]),
    ("bought once, then forgotten", [(0, BUYS)], 46, "convert", "dormant", ["thanks", "second_order"]),
    ("lost, then back", [(0, BUYS), (3, BUYS), (100, BUYS)], 100, "repurchase", "active", ["thanks", "at_risk"]),
    (
        "claims a coupon on every visit",
        [(0, JOINS), (1, CLAIMS), (2, CLAIMS), (9, CLAIMS)],
        10,
        "retain",
        "active",
        ["welcome"],
    ),
]


@pytest.mark.parametrize(
    ("history", "doings", "until", "stage", "health", "acted"), HISTORIES, ids=[h[0] for h in HISTORIES]
)
def test_where_members_land(
    history: str, doings: list[Doing], until: int, stage: str, health: str, acted: list[str], arrive: Arrive
) -> None:
    member, _, rules = live(doings, until, arrive)
    assert (member.stage, member.health) == (stage, health), history
    assert rules == acted, history


def test_the_road_from_stranger_to_regular(arrive: Arrive) -> None:
    doings = [(0, JOINS), (1, CHATS), (2, CHECKS_IN), (3, CHATS), (5, BUYS), (8, BUYS)]
    _, entered, _ = live(doings, 9, arrive)
    assert entered == ["acquire", "active", "activate", "retain", "convert", "repurchase"]


def test_silence_takes_a_buyer_through_every_health_once(arrive: Arrive) -> None:
    member, entered, _ = live([(0, BUYS), (7, BUYS)], 120, arrive)
    assert entered[-3:] == ["at_risk", "dormant", "lost"]
    assert member.due is None or member.due > MORNING + timedelta(days=120)
    assert member.stage == "repurchase"
