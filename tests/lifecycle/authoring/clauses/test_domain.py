"""How rules are written: what is read of them, and what is told of what cannot be."""

from datetime import time, timedelta

import pytest

from common.contracts.lifecycle import AssignTask, CallWebhook, GrantPoints
from factories.policies import changed, policy_of
from lifecycle.authoring.domain import author
from lifecycle.conditions.expressions.domain import Said
from lifecycle.engine.domain import compiled
from lifecycle.policy.dates.domain import WEEKDAYS, DaysAfter, Scheduled, Yearly
from lifecycle.policy.rulebook.domain import EachYear, Enrolment, Per, SameDay, Undo
from lifecycle.policy.sources.domain import AttributeSource

HOUR = timedelta(hours=1)

WRONG = [
    (
        "when: {held: acquire, for: 2d}",
        'when: {date: joined.first, at: "10:00"}',
        "28:21: rules.say_hello.when: 'days' is missing here",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {date: joined.middle, days: 1..7, at: "10:00"}',
        "28:28: rules.say_hello.when.date: 'joined.middle' is no day to count from; write joined.first or orders.last, or the name of an attri",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {date: join.first, days: 1..7, at: "10:00"}',
        "28:28: rules.say_hello.when.date: no metric 'join'; there are: joined, engaged, chat, checkins, orders, refunds",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {date: joined.first, days: 7..1, at: "10:00"}',
        "28:48: rules.say_hello.when.days: '7..1' is no number of days; write 7, or 1..7 for each of them, at most 31",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {date: joined.first, days: 1..90, at: "10:00"}',
        "28:48: rules.say_hello.when.days: '1..90' is no number of days; write 7, or 1..7 for each of them, at most 31",
    ),
    (
        "when: {held: acquire, for: 2d}",
        "when: {date: joined.first, days: 1..7, at: 600}",
        "28:58: rules.say_hello.when.at: write 06:00 instead of 600",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {date: birthday, at: "10:00"}',
        "28:28: rules.say_hello.when.date: no attribute 'birthday' that is a text and tells a day, MM-DD; there are: –. To count from a metric: birthday.first",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {date: birthday, at: "10:00", feb29: mar2}',
        "28:58: rules.say_hello.when.feb29: 'mar2' is not known here; did you mean 'mar1'? There are: feb28, mar1",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {date: birthday, days: 3, at: "10:00"}',
        "28:38: rules.say_hello.when.days: 'days' is not known here; there are: date, feb29, at, tz, spread",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {schedule: dayly, at: "20:00"}',
        "28:32: rules.say_hello.when.schedule: 'dayly' is not known here; did you mean 'daily'? There are: daily, mon,",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {schedule: {monthly: 32}, at: "20:00"}',
        "28:42: rules.say_hello.when.schedule.monthly: 32 is not from 1 to 31",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {schedule: [mon], at: "20:00", spread: 25h}',
        "28:60: rules.say_hello.when.spread: '25h' is too long; at most 24h",
    ),
    (
        "when: {held: acquire, for: 2d}",
        "when: {schedule: [mon]}",
        "28:21: rules.say_hello.when: 'at' is missing here",
    ),
    (
        "when: {held: acquire, for: 2d}",
        "when: enrollment",
        "28:21: rules.say_hello.when: 'enrollment' is not known here; did you mean 'enrolment'? There are: enrolment",
    ),
    (
        "reenter: {cooldown: 30d}",
        "reenter: {each: month}",
        "31:66: rules.at_risk.reenter.each: 'month' is not known here; there are: year",
    ),
    (
        "reenter: {cooldown: 30d}",
        "reenter: {per: order.streak}",
        "31:65: rules.at_risk.reenter.per: no metric 'order'; there are: joined, engaged, chat, checkins, orders, refunds",
    ),
    (
        "reenter: {cooldown: 30d}",
        "reenter: {per: orders.pace}",
        "31:65: rules.at_risk.reenter.per: 'pace' is nothing that a metric has; there are: streak, streak_start, first, last, count, days, distinct",
    ),
    (
        "do: [{coupon: thanks_3}]",
        "undo: {leaves: converted}, do: [{coupon: thanks_3}]",
        "29:78: rules.thanks.undo.leaves: no stage, health or segment 'converted'; there are: acquire,",
    ),
    (
        "do: [{coupon: thanks_3}]",
        "undo: {leaves: convert, by: order.void}, do: [{coupon: thanks_3}]",
        "29:91: rules.thanks.undo.by: 'order.void' is not known here; did you mean 'order.voided'?",
    ),
    (
        "do: [{coupon: thanks_3}]",
        "after_undo: again, do: [{coupon: thanks_3}]",
        "29:75: rules.thanks.after_undo: 'again' is not known here; there are: spent, free",
    ),
    (
        "do: [{coupon: thanks_3}]",
        "do: [{task: care}]",
        "29:68: rules.thanks.do[1]: 'due' is missing here",
    ),
    (
        "do: [{coupon: thanks_3}]",
        "do: [{webhook: https://example.com}]",
        "29:78: rules.thanks.do[1].webhook: 'https://example.com' is no name; write small letters",
    ),
    (
        "do: [{coupon: thanks_3}]",
        "title: {en: Thanks}, do: [{coupon: thanks_3}]",
        "29:70: rules.thanks.title: 'zh' is missing here",
    ),
    (
        "stages: # 階段",
        "attributes: {city: order.confirmed}\nstages: # 階段",
        "13:20: attributes.city: 'order.confirmed' is no field of an event; write birthday.told.birthday, or {event: …, field: …}",
    ),
    (
        "stages: # 階段",
        "attributes: {consents: [Promo]}\nstages: # 階段",
        "13:25: attributes.consents[1]: write promo instead of Promo",
    ),
    (
        "stages: # 階段",
        'attributes: {city: {event: order.confirmed, field: channel, where: chanel = "a"}}\nstages: # 階段',
        "13:68: attributes.city.where: 'chanel' is not a field of the event; did you mean 'channel'?",
    ),
    (
        "rules: # 規則",
        "guards: {causation_depth: 0}\nrules: # 規則",
        "26:27: guards.causation_depth: 0 is not from 1 to 100",
    ),
    (
        "reenter: {cooldown: 30d}",
        "reenter: {per: order_id}",
        "31:65: rules.at_risk.reenter.per: only a rule that an event triggers has fields to go by; every rule has measures",
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), WRONG)
def test_what_is_wrong_is_told_where_it_stands(old: str, new: str, told: str) -> None:
    authored = author(changed(old, new), tz="Asia/Shanghai")
    assert authored.policy is None
    assert str(authored.faults[0]).startswith(told)
    assert all(fault.message("zh") for fault in authored.faults)


def test_dates_schedules_and_enrolment_are_read() -> None:
    text = changed(
        "stages: #",
        "attributes: {birthday: birthday.told.birthday, tz: timezone.told.tz, consents: [promo, news]}\nstages: #",
    )
    rules = """
  week: {when: {date: joined.first, days: 1..7, at: "10:00"}, reenter: each, do: [{points: 1}]}
  month: {when: {date: orders.last, days: 30, at: "10:00", spread: 2h}, reenter: each, do: [{points: 1}]}
  birthday: {when: {date: birthday, at: "09:00", tz: member, feb29: mar1}, reenter: {each: year, cooldown: 300d}, valid_for: same_day, do: [{points: 1}]}
  fridays: {when: {schedule: [mon, fri], at: "20:00"}, do: [{points: 1}]}
  daily: {when: {schedule: daily, at: "20:00", spread: 1h}, do: [{points: 1}]}
  last: {when: {schedule: {monthly: last}, at: "20:00"}, do: [{points: 1}]}
  by_hand: {when: enrolment, reenter: each, do: [{webhook: crm}, {task: care, due: 90m}, {points: 5}]}
  streak: {when: {event: checkin.recorded}, reenter: {per: [checkins.streak_start, business_day], cooldown: 2w}, do: [{points: 1}]}
"""
    policy = policy_of(text + rules.lstrip("\n"))
    week, month, birthday, fridays, daily, last, by_hand, streak = policy.rules[-8:]
    assert week.trigger == DaysAfter(metric="joined", edge="first", low=1, high=7, at=time(10))
    assert month.trigger == DaysAfter(metric="orders", edge="last", low=30, high=30, at=time(10), spread=2 * HOUR)
    assert birthday.trigger == Yearly(attribute="birthday", at=time(9), clock="member", leap="mar1")
    assert (birthday.reentry, birthday.valid_for, birthday.clock) == (EachYear(300), SameDay(), "member")
    assert fridays.trigger == Scheduled(weekdays=("mon", "fri"), at=time(20), spread=HOUR / 4)
    assert daily.trigger == Scheduled(weekdays=WEEKDAYS, at=time(20), spread=HOUR)
    assert last.trigger == Scheduled(month_day="last", at=time(20))
    assert by_hand.trigger == Enrolment()
    assert by_hand.actions == (
        CallWebhook(endpoint="crm"),
        AssignTask(team="care", due_minutes=90),
        GrantPoints(points=5, reason="by_hand"),
    )
    assert streak.reentry == Per(("checkins.streak_start", "business_day"), 14)
    promo = Said("purpose", "==", ("promo",))
    assert policy.attributes[2] == AttributeSource(
        name="consent_promo", number=3, event="consent.changed", field="given", where=promo
    )
    compiled(policy)


def test_undo_and_depth_are_read() -> None:
    policy = policy_of(
        changed(
            "do: [{coupon: thanks_3}]", "undo: {leaves: convert, by: order.voided}, do: [{coupon: thanks_3}]"
        ).replace("rules: #", "guards: {causation_depth: 2}\ndefaults: {after_undo: free}\nrules: #")
    )
    thanks = policy.rules[2]
    assert (thanks.undo, thanks.after_undo) == (Undo("convert", "order.voided"), "free")
    assert policy.guards.causation_depth == 2
