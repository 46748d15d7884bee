"""Policies to live by: parts of two that say the same otherwise, chosen by a number; and the shipped one."""

from functools import lru_cache

import msgspec

from factories.policies import DEFAULT_POLICY, policy_of
from lifecycle.conditions.expressions.domain import In
from lifecycle.engine.domain import Engine, compiled
from lifecycle.policy.domain import Policy
from lifecycle.policy.guards.domain import Guards
from simulation.dice import Dice

_HEAD = """
policy: simulated
calendar: {tz: Asia/Shanghai}
metrics:
  joined: {event: [member.registered, community.joined]}
  engaged: {event: [chat.message_counted, checkin.recorded]}
  chat: {event: chat.message_counted, sum: messages}
  checkins: {event: checkin.recorded}
  orders: {event: order.confirmed, sum: amount_minor, retract: {event: order.voided, of: confirmed_at}}
  refunds: {event: order.refunded}
  gifts: {event: coupon.issued}
  complaints: {event: complaint.opened, retract: {event: complaint.closed, of: opened_at}}
  big: {event: order.confirmed, where: amount_minor >= 2000, retract: {event: order.voided, of: confirmed_at}}
  places: {event: order.confirmed, distinct: pickup_point_id}
attributes:
  birthday: birthday.told.birthday
  tz: timezone.told.tz
  community: community.joined.community_id
  consents: [promo]
"""
ONE = policy_of(
    _HEAD
    + """
stages: [acquire: always, activate: engaged.days >= 1, convert: orders.count >= 1, repurchase: orders.days >= 2]
health:
  - lost: since(orders) > 40d or never(orders) and since(engaged, joined) > 30d
  - at_risk: since(orders) > clamp(2 * orders.pace, 5d, 14d) or never(orders) and since(engaged, joined) > 4d
  - active: always
segments:
  chatty: chat.count(7d) >= 2
  keen: orders.days(10d) >= 2
  spender: big.count >= 1 and in(keen)
  sore: complaints.count > 0 or refunds.count(7d) >= 2
guards:
  classes: {promo: {refuse_if: in(sore), consent: promo}, news: {quiet: false}, service: {quiet: false, holdout: false}}
  caps: [{class: promo, max: 1, per: day}, {class: promo, max: 3, per: week, keep: {priority: 70, slots: 1}}]
  quiet: {from: "21:30", to: "08:30", tz: member, then: defer, max_defer: 24h, spread: 90m}
  holdout: {salt: global, share: 20%, unit: community}
  causation_depth: 3
defaults: {reenter: each, class: promo}
rules:
  welcome: {when: {event: member.registered}, class: service, reenter: once, do: [{message: welcome}, {coupon: newcomer}]}
  thanks: {when: {enters: convert, settle: 1h}, priority: 80, do: [{coupon: thanks}], undo: {leaves: convert, by: order.voided}}
  order: {when: {event: order.confirmed}, class: news, do: [{points: 5}]}
  paid: {when: {event: order.confirmed}, do: [{message: offer, channel: wecom}], valid_for: 72h}
  again: {when: {event: order.confirmed}, reenter: {per: [channel]}, priority: 75, do: [{coupon: again}]}
  waits: {when: {held: convert, for: 3d}, do: [{coupon: second}, {message: second}], undo: {leaves: convert}, after_undo: free}
  keen: {when: {enters: keen}, holdout: 30%, class: news, do: [{points: 20}]}
  cold: {when: {leaves: keen, settle: 2h}, do: [{message: miss_you, channel: wecom}]}
  at_risk: {when: {enters: at_risk, settle: 6h}, reenter: {cooldown: 5d}, priority: 70, holdout: 10%, do: [{message: what_is_new}]}
  lost: {when: {enters: lost}, reenter: once, do: [{coupon: back}], stale_after: 48h}
  back: {when: {enters: active, from: [at_risk, lost]}, class: news, do: [{webhook: crm}]}
  talk: {when: {enters: chatty, settle: 1h}, still: false, do: [{message: top_offers}]}
  complaint: {when: {event: complaint.opened}, class: service, reenter: {per: complaint_id}, do: [{task: care, due: 2h}], undo: {leaves: sore}}
  more: {when: {event: coupon.issued}, class: news, do: [{coupon: more}]}
  first_days: {when: {date: joined.first, days: 1..3, at: "10:00"}, if: never(orders), valid_for: same_day, priority: 40, do: [{message: offer_of_day}]}
  birthday: {when: {date: birthday, at: "09:00", tz: member, feb29: feb28}, reenter: {each: year, cooldown: 300d}, priority: 90, do: [{coupon: birthday}]}
  mondays: {when: {schedule: [mon], at: "10:00"}, if: in(keen), do: [{message: week}]}
"""
)
OTHER = policy_of(
    _HEAD
    + """
stages: [acquire: always, activate: engaged.days >= 2, convert: orders.count >= 2, repurchase: orders.days >= 3]
health:
  - lost: since(orders) > 20d
  - at_risk: since(orders) > 3d or never(orders) and since(joined) > 2d
  - active: always
segments:
  chatty: chat.sum(14d) >= 3
  keen: orders.days(30d) >= 1
  spender: big.count(20d) >= 1
  sore: complaints.count > 0
guards:
  classes: {promo: {consent: promo}, news: {}, service: {quiet: false, holdout: false}}
  caps: [{class: promo, max: 2, per: day}, {class: news, max: 2, per: week}]
  holdout: {salt: other, share: 10%, unit: member}
  causation_depth: 2
defaults: {reenter: each, class: promo}
rules:
  welcome: {when: {event: member.registered}, class: service, reenter: once, do: [{message: welcome}]}
  thanks: {when: {enters: convert}, priority: 80, do: [{coupon: thanks}], undo: {leaves: convert}, after_undo: free}
  order: {when: {event: order.confirmed}, class: news, reenter: {cooldown: 2d}, do: [{points: 50}], undo: {leaves: keen}}
  paid: {when: {event: order.confirmed}, do: [{message: offer}], capped: drop}
  again: {when: {event: order.confirmed}, if: in(spender), do: [{coupon: again}]}
  waits: {when: {held: convert, for: 8h}, do: [{coupon: second}]}
  keen: {when: {enters: keen, settle: 1d}, do: [{points: 10}]}
  cold: {when: {leaves: keen}, do: [{message: miss_you}]}
  at_risk: {when: {held: at_risk, for: 1d}, reenter: once, do: [{coupon: back}]}
  lost: {when: {enters: lost, settle: 2h}, do: [{coupon: back}, {message: back}]}
  back: {when: {enters: active, settle: 30m, from: [at_risk]}, class: news, do: [{message: glad}]}
  talk: {when: {held: chatty, for: 2d}, do: [{message: top_offers}]}
  complaint: {when: {event: complaint.opened}, class: service, do: [{task: care, due: 1h}, {webhook: crm}]}
  more: {when: {enters: sore}, class: news, do: [{coupon: more}]}
  first_days: {when: {date: orders.last, days: 2, at: "10:00"}, do: [{message: offer_of_day}]}
  birthday: {when: {event: birthday.told}, do: [{points: 8}]}
  mondays: {when: {schedule: [tue, fri], at: "19:00"}, do: [{message: week}]}
"""
)


@lru_cache(maxsize=4096)
def policy_at(number: int) -> Policy:
    """The same for the same number, for ever."""
    dice = Dice(number)
    if dice.chance(0.08):
        return DEFAULT_POLICY
    counted = {metric.name for metric in ONE.metrics} - _left_out(dice)
    segments = [dice.pick([one, other]) for one, other in zip(ONE.segments, OTHER.segments, strict=True)]
    rules = [dice.pick([None, one, other]) for one, other in zip(ONE.rules, OTHER.rules, strict=True)]
    if "big" not in counted:
        segments = [each for each in segments if each.name != "spender"]
        rules = [rule for rule in rules if rule is None or rule.condition != In("spender")]
    return msgspec.structs.replace(
        ONE,
        metrics=tuple(metric for metric in ONE.metrics if metric.name in counted),
        stages=dice.pick([ONE.stages, OTHER.stages]),
        health=dice.pick([ONE.health, OTHER.health]),
        segments=tuple(segments),
        guards=dice.pick([ONE.guards, OTHER.guards, ONE.guards, Guards(classes=OTHER.guards.classes)]),
        rules=tuple(rule for rule in rules if rule is not None),
    )


def _left_out(dice: Dice) -> set[str]:
    """What a policy may count or not: whoever comes to it later has it counted from the journal."""
    return {name for name in ("big", "places") if dice.chance(0.4)}


_engines: dict[tuple[bytes, int], Engine] = {}


def engine_of(policy: Policy, version: int) -> Engine:
    """Built once for each."""
    place = msgspec.msgpack.encode(policy), version
    if place not in _engines:
        if len(_engines) > 500:
            _engines.clear()
        _engines[place] = compiled(policy, version=version)
    return _engines[place]
