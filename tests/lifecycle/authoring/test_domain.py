"""What an operator is told of a policy that is wrong: all of it, each fault at its place, in both languages."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.policies import SMALL_TEXT as TEXT
from factories.policies import changed, policy_of
from lifecycle.authoring.domain import Numbers, author, numbered
from lifecycle.conditions.expressions.domain import And, Compare, Count, In, Said
from lifecycle.engine.domain import compiled
from lifecycle.policy.holdouts.domain import Holdout
from lifecycle.policy.rulebook.domain import Enters, Leaves, Per
from lifecycle.text.labels.domain import Label

SHANGHAI = "Asia/Shanghai"
HOUR = timedelta(hours=1)


WRONG = [
    (
        "policy: community_group_buy",
        "policy: Community Group",
        "3:9: policy: write community_group instead of Community Group",
    ),
    (
        "policy: community_group_buy",
        "polcy: community_group_buy",
        "3:1: polcy: 'polcy' is not known here; did you mean 'policy'? There are: policy, calendar, metrics, attributes, stages, health, segments, guards, defa",
    ),
    (
        "policy: community_group_buy",
        "policy: community_group_buy\ncalendar: {tz: Asia/Shanghia}",
        "4:16: calendar.tz: 'Asia/Shanghia' is no time zone; write Asia/Shanghai",
    ),
    (
        "policy: community_group_buy",
        "policy: community_group_buy\ncalendar: {holidays: [2026-10-1]}",
        "4:23: calendar.holidays[1]: '2026-10-1' is no date; write 2026-10-01, or a list by its name; there are: cn-2026",
    ),
    (
        "policy: community_group_buy",
        "policy: community_group_buy\npolicy: again",
        "4:1: policy: 'policy' stands here a second time; the first is at line 3",
    ),
    (
        "event: [member.registered, community.joined]",
        "event: [member.registerd]",
        "6:20: metrics.joined.event[1]: 'member.registerd' is not known here; did you mean 'member.registered'? There are: coupon.expired, coupon.redeemed, cou",
    ),
    (
        "event: [member.registered, community.joined]",
        "event: []",
        "6:19: metrics.joined.event: 0 items stand here; from 1 to 100 may",
    ),
    (
        "event: [member.registered, community.joined]",
        "events: member.registered",
        "6:11: metrics.joined: 'event' is missing here",
    ),
    (
        "sum: messages",
        "sum: message",
        "8:44: metrics.chat.sum: chat.message_counted has no whole number 'message' to sum; it has: messages",
    ),
    (
        "sum: messages",
        "sum: occurred_at",
        "8:44: metrics.chat.sum: chat.message_counted has no whole number 'occurred_at' to sum; it has: messages",
    ),
    (
        "chat: {event: chat.message_counted, sum: messages}",
        "chat: {event: chat.message_counted, sum: messages, distinct: nothing}",
        "8:64: metrics.chat.distinct: chat.message_counted has no field 'nothing'; it has: community_id, member_id, batch_id, channel, messages",
    ),
    (
        "of: confirmed_at",
        "of: voided",
        "10:90: metrics.orders.retract.of: order.voided has no moment 'voided'; it has: confirmed_at, voided_at",
    ),
    ("of: confirmed_at", "on: confirmed_at", "10:64: metrics.orders.retract: 'of' is missing here"),
    (
        "retract: {event: order.voided,",
        "retract: {event: order.confirmed,",
        "10:72: metrics.orders.retract.event: order.confirmed is both counted and taken back",
    ),
    (
        "checkins: {event: checkin.recorded}",
        'checkins: {event: checkin.recorded, where: chanel = "self"}',
        "9:46: metrics.checkins.where: 'chanel' is not a field of the event; there are: member_id, business_day, streak",
    ),
    (
        "refunds: {event: order.refunded}",
        "refunds: {event: order.refunded, where: since(orders) > 3d}",
        "11:43: metrics.refunds.where: 'since(orders)': the filter of a metric asks nothing but fields of the event itself, so that the order of events does no",
    ),
    (
        "refunds: {event: order.refunded}",
        "acquire: {event: order.refunded}",
        "14:14: stages.acquire: 'acquire' already names something in metrics; all names are of one kind, so that since(acquire) means one thing",
    ),
    (
        "refunds: {event: order.refunded}",
        "stage: {event: order.refunded}",
        "11:10: metrics.stage: 'stage' is a word of the language and names nothing else",
    ),
    (
        "stages: # 階段",
        "attributes: {city: {event: order.confirmed, field: town}}\nstages: # 階段",
        "13:52: attributes.city.field: order.confirmed has no field 'town'; it has: order_id, member_id, amount_minor, currency, pickup_point_id, channel, camp",
    ),
    ("  - acquire: always\n", "", "14:15: stages.activate: the first stage holds for everybody: write always"),
    (
        "- acquire: always",
        "- acquire: orders.count >= 1",
        "14:14: stages.acquire: the first stage holds for everybody: write always",
    ),
    (
        "- activate: engaged.days >= 1",
        "- activate: engage.days >= 1",
        "15:15: stages.activate: 'engage' is not a metric; did you mean 'engaged'? There are: joined, engaged, chat, checkins, orders, refunds",
    ),
    (
        "- activate: engaged.days >= 1",
        "- activate: engaged.days > = 1",
        "15:30: stages.activate: something is missing before '='",
    ),
    (
        "- activate: engaged.days >= 1",
        "- activate: engaged.dais >= 1",
        "15:15: stages.activate: 'dais' cannot be asked of a metric; did you mean 'days'? These can: count, sum, days, distinct, streak, pace",
    ),
    (
        "- activate: engaged.days >= 1",
        "- activate: engaged.sum >= 1",
        "15:15: stages.activate: the metric 'engaged' sums nothing; give it a field to sum where it is declared, or ask engaged.count",
    ),
    (
        "- activate: engaged.days >= 1",
        "- activate: hour >= 9",
        "15:15: stages.activate: 'hour' cannot stand in stages: time alone must tell when a member's standing changes next, and this would turn it over and ove",
    ),
    (
        "- activate: engaged.days >= 1",
        "- activate: engaged.days(30) >= 1",
        "15:28: stages.activate: a length of time needs its unit: write 30d for days (w for weeks, mo for months)",
    ),
    (
        "- activate: engaged.days >= 1",
        "- activate: stage = convert",
        "15:15: stages.activate: 'stage' is not known yet in stages: stages are found first, then health, then segments; repeat its condition here, or ask it i",
    ),
    ("- activate: engaged.days >= 1", "- activate", "15:5: stages[2]: each item must be one '- name: …', not activate"),
    (
        "- activate: engaged.days >= 1",
        "- activate: ~",
        "15:15: stages.activate: nothing stands here; write a value or leave the key out",
    ),
    (
        "- activate: engaged.days >= 1",
        "- retain: engaged.days >= 1",
        "16:5: stages.retain: 'retain' stands here a second time; the first is at line 15",
    ),
    (
        "- active: always",
        "- active: since(orders) < 7d",
        "24:13: health.active: the last health holds for everybody: write always",
    ),
    (
        "since(orders) > 90d or",
        "since(orders) > 90 or",
        "21:27: health.lost: a length of time needs its unit: write 90d for days (w for weeks, mo for months)",
    ),
    (
        "since(orders) > 90d or",
        "since(orders) > 90d oder",
        "21:31: health.lost: 'oder' cannot follow '90d'; conditions are joined by and, or, and names by commas",
    ),
    (
        "since(orders) > 90d or",
        "since(orders) = 90d or",
        "21:11: health.lost: an age is compared by >, >=, < or <=, by which time alone tells the next change; so write since(orders) >= 90d and since(orders) <",
    ),
    (
        "clamp(2 * orders.pace, 14d, 30d)",
        "clamp(2 * orders.pace, 30d, 14d)",
        "23:53: health.at_risk: the lower length comes first, and 30d is longer than 14d: clamp(…, 14d, 30d)",
    ),
    (
        "clamp(2 * orders.pace, 14d, 30d)",
        "clamp(2 * orders.pace, 14d",
        "23:57: health.at_risk: 'or' cannot follow '14d'; conditions are joined by and, or, and names by commas",
    ),
    (
        "rules: # 規則",
        "segments: {loyal: in(chatty)}\nrules: # 規則",
        "26:22: segments.loyal: 'chatty' is not a segment; there are: loyal",
    ),
    (
        "rules: # 規則",
        "segments: {a: in(b), b: in(a)}\nrules: # 規則",
        "26:15: segments.a: these segments ask one another in a circle, which has no answer: a → b → a",
    ),
    (
        "rules: # 規則",
        "segments: {loyal: orders.days(60d) >= 6, loyal: always}\nrules: # 規則",
        "26:42: segments.loyal: 'loyal' stands here a second time; the first is at line 26",
    ),
    (
        "rules: # 規則",
        "guards: {classes: {promo: {refuse_if: in(sore)}}}\nrules: # 規則",
        "26:42: guards.classes.promo.refuse_if: 'sore' is not a segment; there are: -",
    ),
    (
        "rules: # 規則",
        "guards: {caps: [{class: promo, max: 1, per: day}]}\nrules: # 規則",
        "26:25: guards.caps[1].class: no class 'promo' is declared under guards.classes; there are: service",
    ),
    (
        "rules: # 規則",
        "guards: {caps: [{class: service, max: 0, per: day}]}\nrules: # 規則",
        "26:39: guards.caps[1].max: 0 is not from 1 to 10000",
    ),
    (
        "rules: # 規則",
        "guards: {caps: [{class: service, max: 3, per: fortnight}]}\nrules: # 規則",
        "26:47: guards.caps[1].per: 'fortnight' is not known here; there are: day, week, month",
    ),
    (
        "rules: # 規則",
        'guards: {quiet: {from: 1290, to: "08:30"}}\nrules: # 規則',
        "26:24: guards.quiet.from: write 21:30 instead of 1290",
    ),
    (
        "rules: # 規則",
        'guards: {quiet: {from: "21:30", to: "25:00"}}\nrules: # 規則',
        "26:37: guards.quiet.to: '25:00' is no time of day; write 21:30",
    ),
    (
        "rules: # 規則",
        "guards: {holdout: {salt: q4, share: 5}}\nrules: # 規則",
        "26:37: guards.holdout.share: '5' is no share; write 5% or 0.05, with at most two digits after the point of a per cent, at most 100%",
    ),
    (
        "rules: # 規則",
        "guards: {holdout: {salt: q4, share: 5%, unit: family}}\nrules: # 規則",
        "26:47: guards.holdout.unit: 'family' is not known here; there are: member, community",
    ),
    ("rules: # 規則", "defaults: {still: yes}\nrules: # 規則", "26:19: defaults.still: write true instead of yes"),
    ("rules: # 規則", "defaults: {priority: 200}\nrules: # 規則", "26:22: defaults.priority: 200 is not from 0 to 100"),
    (
        "when: {event: member.registered}",
        "when: {event: member.registred}",
        "27:27: rules.welcome.when.event: 'member.registred' is not known here; did you mean 'member.registered'? There are: coupon.expired, coupon.redeemed, cou",
    ),
    (
        "when: {event: member.registered}",
        "when: member.registered",
        "27:19: rules.welcome.when: 'key: value' is expected here, not member.registered",
    ),
    (
        "when: {event: member.registered}",
        "when: {}",
        "27:19: rules.welcome.when: one of these keys is expected here: enters, leaves, held, event",
    ),
    (
        "when: {event: member.registered}, do",
        'when: {event: member.registered}, if: event.chanel = "app", do',
        "27:51: rules.welcome.if: 'chanel' is not a field of the event; did you mean 'channel'? There are: member_id, channel, referrer_id",
    ),
    (
        "when: {held: acquire, for: 2d}",
        "when: {held: aquire, for: 2d}",
        "28:21: rules.say_hello.when: no stage, health or segment 'aquire'; there are: acquire, activate, retain, convert, repurchase, lost, dormant, at_risk, ",
    ),
    ("when: {held: acquire, for: 2d}", "when: {held: acquire}", "28:21: rules.say_hello.when: 'for' is missing here"),
    (
        "when: {held: acquire, for: 2d}",
        "when: {held: acquire, for: two days}",
        "28:42: rules.say_hello.when.for: 'two days' is no length of time; write 7d, 2w, 1mo, 36h or 90m, at most 3650 days",
    ),
    (
        "when: {held: acquire, for: 2d}",
        'when: {held: acquire, for: 2d}, if: event.channel = "app"',
        "28:51: rules.say_hello.if: 'event.channel': no event with fields is at hand here; only a rule that an event triggers can ask its fields",
    ),
    (
        "when: {enters: convert, settle: 1h}",
        "when: {enters: convert, settle: 1h, from: lost}, class: promo",
        "29:68: rules.thanks.class: no class 'promo' is declared under guards.classes; there are: service",
    ),
    (
        "when: {enters: convert, settle: 1h}",
        "when: {enters: convert, settle: 1 hour}",
        "29:44: rules.thanks.when.settle: write 1h instead of 1 hour",
    ),
    (
        "when: {enters: convert, settle: 1h}",
        "when: {enters: convert}, reenter: {per: order_id}",
        "29:52: rules.thanks.reenter.per: only a rule that an event triggers has fields to go by",
    ),
    (
        "when: {event: member.registered}, do",
        "when: {event: member.registered}, reenter: {per: [chanel]}, do",
        "27:62: rules.welcome.reenter.per: member.registered has no field 'chanel'; it has: member_id, channel, referrer_id",
    ),
    (
        "reenter: {cooldown: 30d}",
        "reenter: {cooldown: 1mo}",
        "31:70: rules.at_risk.reenter.cooldown: '1mo' is counted in days or weeks here; write 30d",
    ),
    (
        "reenter: {cooldown: 30d}",
        "reenter: sometimes",
        "31:59: rules.at_risk.reenter: 'sometimes' is not known here; there are: once, each",
    ),
    ("priority: 80", "priority: high", "29:59: rules.thanks.priority: 'high' is no whole number"),
    ("priority: 80", "priority: 080", "29:59: rules.thanks.priority: write 80 instead of 080"),
    ("do: [{coupon: thanks_3}]", "do: []", "29:67: rules.thanks.do: 0 items stand here; from 1 to 10 may"),
    (
        "do: [{coupon: thanks_3}]",
        "do: [{cupon: thanks_3}]",
        "29:69: rules.thanks.do[1].cupon: 'cupon' is not known here; did you mean 'coupon'? There are: message, coupon, points",
    ),
    (
        "do: [{coupon: thanks_3}]",
        "do: [{points: -5, reason: thanks}]",
        "29:77: rules.thanks.do[1].points: -5 is not from 1 to 1000000",
    ),
    ("do: [{coupon: thanks_3}]", "do: {coupon: thanks_3}", "29:67: rules.thanks.do: a list is expected here, not {…}"),
    ("priority: 80, do: [{coupon: thanks_3}]", "priority: 80", "29:11: rules.thanks: 'do' is missing here"),
    (
        "priority: 80, do",
        "valid_for: 2mo, do",
        "29:60: rules.thanks.valid_for: '2mo' is no number of hours or minutes; write 36h or 90m, at most 3650 days",
    ),
    (
        "priority: 80, do",
        "holdout: 150%, do",
        "29:58: rules.thanks.holdout: '150%' is no share; write 5% or 0.05, with at most two digits after the point of a per cent, at most 100%",
    ),
    ("say_hello:", "Say-Hello:", "28:3: rules.Say-Hello: write say_hello instead of Say-Hello"),
]


@pytest.mark.parametrize(("old", "new", "told"), WRONG)
def test_what_is_wrong_is_told_where_it_stands(old: str, new: str, told: str) -> None:
    authored = author(changed(old, new), tz=SHANGHAI)
    assert authored.policy is None
    assert str(authored.faults[0]).startswith(told)
    assert all(re.search(r"[\u4e00-\u9fff]", fault.message("zh")) for fault in authored.faults)


def test_all_faults_are_told_in_the_order_of_the_document() -> None:
    text = (
        changed("engaged.days >= 3", "engagd.days >= 3")
        .replace("for: 5d", "for: 5")
        .replace("enters: at_risk", "enters: risky")
    )
    told = [fault.path for fault in author(text, tz=SHANGHAI).faults]
    assert told == ["rules.second_order.when.for"]
    text = text.replace("for: 5,", "for: 5d,").replace("for: 5}", "for: 5d}")
    assert [fault.path for fault in author(text, tz=SHANGHAI).faults] == ["stages.retain", "rules.at_risk.when"]


def test_a_policy_that_names_no_zone_lives_in_the_installations() -> None:
    assert policy_of(TEXT).tz == SHANGHAI
    assert policy_of(changed("metrics:", "calendar: {tz: America/New_York}\nmetrics:")).tz == "America/New_York"


def test_what_stands_in_the_defaults_holds_for_rules_that_say_nothing() -> None:
    policy = policy_of(changed("rules: #", "defaults: {priority: 33, stale_after: 2h}\nrules: #"))
    assert [(rule.id, rule.priority) for rule in policy.rules][:3] == [
        ("welcome", 33),
        ("say_hello", 30),
        ("thanks", 80),
    ]
    assert len({rule.stale_after for rule in policy.rules}) == 1


def test_segments_guards_filters_and_every_trigger_are_read() -> None:
    text = (
        changed(
            "refunds: {event: order.refunded}", "refunds: {event: order.refunded, where: full and amount_minor >= 100}"
        ).replace(
            "rules: #",
            "segments: {sore: refunds.count(14d) >= 2, lucky: not in(sore)}\nguards:\n"
            "  classes: {promo: {refuse_if: in(sore), quiet: false}}\n"
            "  caps: [{class: promo, max: 3, per: week, keep: {priority: 70, slots: 1}}]\n"
            "  quiet: {from: 21:30, to: 08:30, spread: 90m}\n"
            "  holdout: {salt: q4, share: 5%, unit: community}\nattributes: {community: {event: community.joined, field: community_id}}\nrules: #",
        )
        + "  gone: {when: {leaves: lucky, settle: 2d}, reenter: each, class: promo, do: [{message: sorry}]}\n"
        + "  back: {when: {enters: active, from: [dormant, lost]}, reenter: {cooldown: 2w}, do: [{message: welcome}]}\n"
        + "  each_point: {when: {event: order.confirmed}, if: event.channel = 'self', reenter: {per: pickup_point_id}, do: [{points: 5, reason: first_here}]}\n"
    )
    policy = policy_of(text)
    gone, back, each_point = policy.rules[-3:]
    assert policy.metrics[5].where == And((Said("full", "==", (True,)), Said("amount_minor", ">=", (100,))))
    assert gone.trigger == Leaves("lucky", gone.trigger.settle)  # type: ignore[union-attr]  # it has one
    assert back.trigger == Enters("active", None, ("dormant", "lost"))
    assert each_point.reentry == Per(("pickup_point_id",))
    assert policy.guards.classes[0].refuse_if == In("sore")
    assert policy.guards.holdout == Holdout(salt="q4", share=500, unit="community")
    assert policy.segments[0].condition == Compare(Count("refunds", policy.segments[0].condition.left.window), ">=", 2)  # type: ignore[union-attr]  # a comparison
    compiled(policy)


def test_titles_are_told_in_one_language_or_both_and_change_nothing_else() -> None:
    plain = policy_of(TEXT)
    titled = policy_of(
        changed("- acquire: always", "- acquire: {if: always, title: {en: Acquire, zh: 拉新}}")
        .replace("checkins: {event: checkin.recorded}", "checkins: {event: checkin.recorded, title: 簽到}")
        .replace("say_hello: {", "say_hello: {title: {en: Say hello, zh: 問好}, ")
    )
    assert titled.stages[0].title == Label(zh="拉新", en="Acquire")
    assert titled.metrics[3].title == Label(zh="簽到", en="簽到")
    assert titled.rules[1].title == Label(zh="問好", en="Say hello")
    assert [value.condition for value in titled.stages] == [value.condition for value in plain.stages]


def test_numbers_are_for_ever() -> None:
    known = Numbers(metrics={"joined": 4, "vanished": 9})
    authored = author(TEXT, tz=SHANGHAI, numbers=known)
    assert authored.policy is not None
    assert {metric.name: metric.number for metric in authored.policy.metrics} == {
        "joined": 4,
        "engaged": 10,
        "chat": 11,
        "checkins": 12,
        "orders": 13,
        "refunds": 14,
    }


@given(
    st.dictionaries(st.text(max_size=3), st.integers(1, 50)).filter(lambda known: len({*known.values()}) == len(known)),
    st.lists(st.text(max_size=3), unique=True),
)
def test_no_number_is_given_twice(known: dict[str, int], names: list[str]) -> None:
    numbers = numbered(names, known)
    assert list(numbers) == names
    assert len({*numbers.values()}) == len(names)
    assert all(numbers[name] == known[name] if name in known else numbers[name] not in known.values() for name in names)


@given(
    st.integers(0, len(TEXT)), st.integers(0, 12), st.text(alphabet="ab0 \n\t:-,'\"[]{}#&*!|>%@：。😀<>=()", max_size=4)
)
def test_any_slip_of_the_hand_leaves_a_policy_or_faults_with_places(start: int, length: int, typed: str) -> None:
    authored = author(TEXT[:start] + typed + TEXT[start + length :], tz=SHANGHAI)
    assert (authored.policy is None) == bool(authored.faults)
    for fault in authored.faults:
        assert fault.place
        assert fault.message("zh")
