"""The policy that members live by until one is published: community group-buying 社區團購."""

from datetime import timedelta

from common.contracts.lifecycle import IssueCoupon, SendMessage
from lifecycle.calendars.domain import Span
from lifecycle.expressions.domain import (
    Aged,
    Always,
    And,
    Clamp,
    Compare,
    Condition,
    Count,
    Days,
    Never,
    Or,
    Pace,
    Since,
)
from lifecycle.policy.domain import Policy, Value
from lifecycle.rulebook.domain import Cooldown, Enters, Held, On, Rule
from lifecycle.sources.domain import Metric, Retraction

INBOX = "inbox"


def _without_orders(days: int) -> Condition:
    return And((Never(("orders",)), Aged(Since(("engaged", "joined")), ">", Span(days))))


DEFAULT_POLICY = Policy(
    name="community_group_buy",
    tz="Asia/Shanghai",
    metrics=(
        Metric(name="joined", number=1, events=("member.registered", "community.joined")),
        Metric(
            name="engaged",
            number=2,
            events=("chat.message_counted", "checkin.recorded", "coupon.claimed", "message.read"),
        ),
        Metric(name="chat", number=3, events=("chat.message_counted",), sums="messages"),
        Metric(name="checkins", number=4, events=("checkin.recorded",)),
        Metric(
            name="orders",
            number=5,
            events=("order.confirmed",),
            sums="amount_minor",
            retraction=Retraction(event="order.voided", of="confirmed_at"),
        ),
        Metric(name="refunds", number=6, events=("order.refunded",)),
    ),
    stages=(
        Value("acquire", Always()),
        Value("activate", Compare(Days("engaged"), ">=", 1)),
        Value("retain", Compare(Days("engaged"), ">=", 3)),
        Value("convert", Compare(Count("orders"), ">=", 1)),
        Value("repurchase", Compare(Days("orders"), ">=", 2)),
    ),
    health=(
        Value("lost", Or((Aged(Since(("orders",)), ">", Span(90)), _without_orders(60)))),
        Value("dormant", Or((Aged(Since(("orders",)), ">", Span(45)), _without_orders(30)))),
        Value(  # a single buying day has no pace: such a member goes from active to dormant
            "at_risk",
            Or(
                (
                    Aged(Since(("orders",)), ">", Clamp(Pace("orders", times=2), Span(14), Span(30))),
                    _without_orders(7),
                )
            ),
        ),
        Value("active", Always()),
    ),
    rules=(
        Rule(
            id="welcome",
            trigger=On("member.registered"),
            actions=(
                SendMessage(template="welcome", channel=INBOX),
                IssueCoupon(template="newcomer_3"),
            ),
        ),
        Rule(
            id="say_hello",
            trigger=Held("acquire", Span(2)),
            priority=30,
            actions=(SendMessage(template="hello", channel=INBOX),),
        ),
        Rule(
            id="thanks",
            trigger=Enters("convert", settle=timedelta(hours=1)),
            priority=80,
            actions=(IssueCoupon(template="thanks_3"),),
        ),
        Rule(
            id="second_order",
            trigger=Held("convert", Span(5)),
            priority=75,
            actions=(IssueCoupon(template="second_order_4"),),
        ),
        Rule(
            id="at_risk",
            trigger=Enters("at_risk", settle=timedelta(hours=6)),
            reentry=Cooldown(30),
            priority=70,
            actions=(SendMessage(template="what_is_new", channel=INBOX),),
        ),
    ),
)
