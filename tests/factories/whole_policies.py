"""A policy that says everything a policy can say, and policies that differ from it in known places."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from common.contracts.lifecycle import AssignTask, GrantPoints, IssueCoupon
from lifecycle.authoring.domain import author
from lifecycle.conditions.expressions.domain import Always, Compare, Count, Never
from lifecycle.policy.caps.domain import Cap, Keep
from lifecycle.policy.domain import Policy, Value
from lifecycle.policy.guards.domain import SendClass
from lifecycle.policy.holdouts.domain import Holdout
from lifecycle.policy.quiet.domain import Quiet
from lifecycle.policy.rulebook.domain import Cooldown, Enters, Rule

TEXT = """
policy: whole
calendar: {tz: Asia/Shanghai, holidays: [2026-10-01, 2026-10-02]}
metrics:
  joined: {event: member.registered}
  chat: {event: chat.message_counted, sum: messages, where: 'channel = "wecom"'}
  orders: {event: order.confirmed, sum: amount_minor, retract: {event: order.voided, of: confirmed_at}}
  places: {event: order.created, distinct: pickup_point_id}
attributes:
  source: {event: member.registered, field: channel}
  consent_promo: {event: consent.changed, field: given}
stages:
  - acquire: always
  - convert: orders.count >= 1
  - repurchase: orders.days >= 2
health:
  - lost: since(orders) > 90d
  - at_risk: since(orders) > 30d
  - active: always
segments:
  chatty: chat.sum(14d) >= 10
  loyal: orders.days(60d) >= 6 and not in(chatty)
guards:
  classes:
    promo: {refuse_if: in(loyal) and hour in 9..12, consent: promo}
    news: {quiet: false, holdout: false}
  caps:
    - {class: promo, max: 1, per: day}
    - {class: promo, max: 3, per: week, channel: wecom, keep: {priority: 70, slots: 1}}
  quiet: {from: "21:30", to: "08:30", tz: business, then: drop, max_defer: 12h, spread: 90m}
  holdout: {salt: "global 2026: q4", share: 5%}
rules:
  welcome: {when: {event: member.registered}, do: [{message: welcome, channel: wecom}, {coupon: newcomer_3}]}
  hello: {when: {held: acquire, for: 2d}, class: promo, priority: 30, do: [{message: hello}]}
  thanks: {when: {enters: convert, settle: 90m, from: [acquire]}, if: since(orders) < 2d, reenter: each, do: [{coupon: a}]}
  left: {when: {leaves: loyal, settle: 1mo}, reenter: {cooldown: 30d}, still: false, do: [{points: 5, reason: back}]}
  order: {when: {event: order.confirmed}, reenter: {per: [channel]}, valid_for: 90m, capped: drop, holdout: 12.5%, do: [{coupon: b}]}
"""


def policy_of(text: str) -> Policy:
    authored = author(text, tz="Asia/Shanghai")
    assert authored.policy is not None, [str(fault) for fault in authored.faults]
    return authored.policy


WHOLE = policy_of(TEXT)

Edit = Callable[[Policy], Policy]


def _set(**fields: Any) -> Edit:
    return lambda policy: msgspec.structs.replace(policy, **fields)


def _guards(**fields: Any) -> Edit:
    return lambda policy: msgspec.structs.replace(policy, guards=msgspec.structs.replace(policy.guards, **fields))


def _one(part: str, name: str, **fields: Any) -> Edit:
    """One part that is declared under a name, otherwise."""

    def edit(policy: Policy) -> Policy:
        changed = (
            msgspec.structs.replace(each, **fields) if getattr(each, "name", getattr(each, "id", "")) == name else each
            for each in getattr(policy, part)
        )
        return msgspec.structs.replace(policy, **{part: tuple(changed)})

    return edit


def _more(part: str, each: Any) -> Edit:
    return lambda policy: msgspec.structs.replace(policy, **{part: (*getattr(policy, part), each)})


def _less(part: str, index: int) -> Edit:
    def edit(policy: Policy) -> Policy:
        parts = getattr(policy, part)
        return msgspec.structs.replace(policy, **{part: (*parts[:index], *parts[index + 1 :])})

    return edit


_CAPS, _CLASSES = WHOLE.guards.caps, WHOLE.guards.classes
_ONCE = Compare(Count("orders"), ">=", 2)

EDITS: dict[str, tuple[Edit, ...]] = {
    "policy": (_set(name="half"),),
    "calendar.tz": (_set(tz="Africa/Cairo"),),
    "calendar.holidays": (_set(holidays=()), _set(holidays=(date(2026, 10, 2), date(2027, 1, 1)))),
    "calendar.leap_birthday": (_set(leap_birthday="mar1"),),
    "metrics.joined": (
        _one("metrics", "joined", events=("community.joined",)),
        _one("metrics", "joined", number=77),
    ),
    "metrics.orders": (_one("metrics", "orders", retraction=None), _one("metrics", "orders", sums=None)),
    "metrics.places": (_less("metrics", 3),),
    "attributes.source": (_one("attributes", "source", field="referrer_id"), _less("attributes", 0)),
    "stages.convert": (_one("stages", "convert", condition=_ONCE),),
    "stages.more": (_more("stages", Value("more", Never(("chat",)))),),
    "health.lost": (_one("health", "lost", condition=Never(("chat",))),),
    "segments.every": (_more("segments", Value("every", Always())),),
    "guards.classes.news": (
        _guards(classes=_CLASSES[:1]),
        _guards(classes=(_CLASSES[0], SendClass(name="news", consent="promo"))),
    ),
    "guards.caps[1]": (
        _guards(caps=_CAPS[1:]),
        _guards(caps=(Cap(sent_as="promo", most=2, per="day"), _CAPS[1])),
        _guards(caps=(Cap(sent_as="promo", most=1, per="day", keep=Keep(90, 1)), _CAPS[1])),
    ),
    "guards.quiet": (_guards(quiet=None), _guards(quiet=Quiet(begins=time(22), ends=time(8)))),
    "guards.holdout": (_guards(holdout=None), _guards(holdout=Holdout(salt="next", share=500))),
    "rules.welcome.do": (_one("rules", "welcome", actions=(AssignTask(team="care", due_minutes=90),)),),
    "rules.hello.priority": (_one("rules", "hello", priority=31),),
    "rules.thanks.when": (_one("rules", "thanks", trigger=Enters("convert")),),
    "rules.thanks.if": (_one("rules", "thanks", condition=Always()),),
    "rules.thanks.reenter": (
        _one("rules", "thanks", reentry=Cooldown(days=30)),
        _one("rules", "thanks", reentry="once"),
    ),
    "rules.left.still": (_one("rules", "left", still=True),),
    "rules.left.class": (_one("rules", "left", sent_as="news"),),
    "rules.order.holdout": (_one("rules", "order", held_out=0),),
    "rules.order.valid_for": (_one("rules", "order", valid_for=timedelta(hours=1)),),
    "rules.more": (
        _more("rules", Rule(id="more", trigger=Enters("loyal"), actions=(GrantPoints(points=1, reason="more"),))),
        _more("rules", Rule(id="more", trigger=Enters("convert"), actions=(IssueCoupon(template="a"),))),
    ),
}
"""By the path of what they change, edits of which each is another policy there."""


@st.composite
def edited(draw: st.DrawFn, *, most: int = 4) -> tuple[Policy, frozenset[str]]:
    """The policy with some edits, and the paths that they change."""
    paths = draw(st.lists(st.sampled_from(sorted(EDITS)), unique=True, max_size=most))
    policy = WHOLE
    for path in paths:
        policy = draw(st.sampled_from(EDITS[path]))(policy)
    return policy, frozenset(paths)
