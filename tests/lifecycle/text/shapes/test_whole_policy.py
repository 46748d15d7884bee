"""A whole policy is read by readers that are data: no function of its own for any part."""

from datetime import time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.calendars.domain import Span
from lifecycle.text.documents.domain import read_document
from lifecycle.text.durations.domain import as_duration, as_elapsed, as_time_of_day
from lifecycle.text.faults.domain import Fault
from lifecycle.text.notations.domain import as_code, as_flag, as_range, as_share, as_text, as_whole
from lifecycle.text.places.domain import places
from lifecycle.text.readers.domain import Reader, as_one_of, as_word, by_kind, read
from lifecycle.text.shapes.domain import as_cases, as_list, as_mapping, as_shape, as_some, as_table, optional, required

POLICY_YAML = """\
policy: community_group_buy
calendar: {tz: Asia/Shanghai, holidays: cn-2026}
metrics:          # `of`: the day a retraction lands on
  joined:     {event: [member.registered, community.joined]}
  engaged:    {event: [chat.message_counted, checkin.recorded, topic.posted, coupon.claimed, page.viewed]}
  chat:       {event: chat.message_counted, sum: messages}
  checkins:   {event: checkin.recorded}
  orders:     {event: order.confirmed, sum: amount_fen, retract: {event: order.voided, of: confirmed_at}}  # paid, team succeeded
  refunds:    {event: order.refunded}
  complaints: {event: complaint.opened, retract: {event: complaint.closed, of: opened_at}}
attributes: {birthday: profile.birthday, tz: profile.tz, consent: member.consent}
stages:           # last that holds; all-time facts: time never demotes, a refund may
  - acquire: always
  - activate: engaged.days(all) >= 1
  - retain: engaged.days(all) >= 3
  - convert: orders.count(all) >= 1
  - repurchase: orders.days(all) >= 2
health:           # first that holds; recency only; pace = mean days between buying days
  - lost: since(orders) > 90d or never(orders) and since(engaged, joined) > 60d
  - dormant: since(orders) > 45d or never(orders) and since(engaged, joined) > 30d
  - at_risk: since(orders) > clamp(2 * orders.pace, 14d, 30d) or never(orders) and since(engaged, joined) > 7d
  - active: always
segments:
  loyal: orders.days(60d) >= 6
  chatty: chat.sum(14d) >= 10 and never(orders)
  sore: complaints.count(all) > 0 or refunds.count(14d) >= 2
guards:
  classes: {service: {cap: none, holdout: none}, promo: {refuse_if: in(sore), consent: promo}}
  caps:
    - {class: promo, max: 1, per: day}
    - {class: promo, max: 3, per: week, keep: {priority: 70, slots: 1}}
    - {class: promo, channel: wecom, max: 4, per: month, keep: {priority: 70, slots: 2}}
  quiet: {from: "21:30", to: "08:30", tz: member, then: defer, max_defer: 24h, spread: 90m}
  holdout: {salt: global-2026q4, share: 5%, unit: community}
  causation_depth: 4
defaults: {reenter: once, cause: member, still: true, stale_after: 24h, valid_for: 48h, capped: wait, refused: free_cap, after_undo: spent, class: promo, priority: 50}
rules:            # `when`: YAML 1.1 reads `on` as true
  welcome:      {when: {event: member.registered}, class: service, do: [{message: welcome}, {coupon: newcomer_3}]}
  seven_days:   {when: {date: joined.first, days: 1..7, at: "10:00"}, if: never(orders), reenter: each, priority: 40, do: [{message: offer_of_day, channel: inbox}]}  # 七天留存法
  say_hello:    {when: {held: acquire, for: 2d}, priority: 30, do: [{message: hello}]}
  first_order:  {when: {held: retain, for: 1d}, priority: 60, holdout: 10%, do: [{coupon: first_order_5}]}
  chat_to_buy:  {when: {enters: chatty, settle: 1h}, reenter: {cooldown: 30d}, holdout: 10%, do: [{message: top_offers}]}
  thanks:       {when: {enters: convert, settle: 1h}, priority: 80, do: [{coupon: thanks_3}], undo: {leaves: convert, by: order.voided}}
  second_order: {when: {held: convert, for: 5d}, priority: 75, holdout: 10%, do: [{coupon: second_order_4}]}
  loyal:        {when: {enters: loyal}, reenter: {cooldown: 90d}, do: [{points: 200}]}
  birthday:     {when: {date: birthday, at: "09:00", tz: member, feb29: feb28}, reenter: {each: year, cooldown: 300d}, valid_for: same_day, priority: 90, do: [{coupon: birthday_8}]}
  streak:       {when: {event: checkin.recorded}, if: "checkins.streak in [7, 14, 30]", reenter: {per: [checkins.streak_start, checkins.streak]}, class: service, do: [{points: 20}]}
  at_risk:      {when: {enters: at_risk, settle: 6h}, reenter: {cooldown: 30d}, priority: 70, holdout: 10%, do: [{message: what_is_new}]}
  dormant:      {when: {enters: dormant, settle: 6h}, reenter: {cooldown: 60d}, priority: 65, holdout: 10%, do: [{coupon: back_6}]}
  win_back:     {when: {enters: lost, settle: 6h}, reenter: {cooldown: 180d}, priority: 60, holdout: 20%, do: [{coupon: back_10}]}
  came_back:    {when: {enters: active, from: [dormant, lost]}, if: orders.count(1d) >= 1, reenter: {cooldown: 90d}, class: service, do: [{message: glad_you_are_back}]}
  complaint:    {when: {event: complaint.opened}, reenter: {per: complaint_id}, class: service, do: [{task: community_team, due: 2h}]}
"""

Read = Reader[Any]


def fields(needed: dict[str, Read], given: dict[str, Read] | None = None) -> Read:
    """Known keys as a dict; a policy's own classes would stand in its place."""
    keys = {key: required(reader) for key, reader in needed.items()}
    return as_mapping(dict, keys | {key: optional(reader) for key, reader in (given or {}).items()})


NAME, CONDITION, FIELD, EVENT, WAIT = as_code(), as_text(2000), as_text(64), as_text(64), as_duration()
PERIOD = as_one_of(("day", "week", "month", "year"))
ZONE = as_text(64)
RETRACT = fields({"event": EVENT, "of": FIELD})
METRIC = fields({"event": as_some(EVENT)}, {"sum": FIELD, "retract": RETRACT})
TRIGGER = as_shape(
    {
        "enters": fields({"enters": NAME}, {"settle": WAIT, "from": as_some(NAME)}),
        "held": fields({"held": NAME, "for": WAIT}),
        "event": fields({"event": EVENT}),
        "date": fields(
            {"date": FIELD, "at": as_time_of_day()},
            {"days": as_range(0, 366), "tz": ZONE, "feb29": as_one_of(("feb28", "mar1"))},
        ),
    }
)
AGAIN = fields({}, {"each": PERIOD, "cooldown": WAIT})
REENTER = by_kind(
    text=as_one_of(("once", "each")),
    mapping=as_shape({"per": fields({"per": as_some(FIELD)}), "each": AGAIN, "cooldown": AGAIN}),
)
HOLDOUT = as_word({"none": 0}, as_share())
VALID_FOR = as_word({"same_day": "same_day"}, as_elapsed())
ACTION = as_shape(
    {
        "message": fields({"message": NAME}, {"channel": NAME}),
        "coupon": fields({"coupon": NAME}),
        "points": fields({"points": as_whole(1, 100_000)}),
        "task": fields({"task": NAME, "due": as_elapsed()}),
    }
)
CLASS = as_one_of(("service", "promo"))
RULE = fields(
    {"when": TRIGGER, "do": as_list(ACTION, least=1)},
    {
        "if": CONDITION,
        "class": CLASS,
        "priority": as_whole(0, 100),
        "reenter": REENTER,
        "holdout": HOLDOUT,
        "valid_for": VALID_FOR,
        "undo": fields({"leaves": NAME, "by": EVENT}),
    },
)
KEEP = fields({"priority": as_whole(0, 100), "slots": as_whole(1, 100)})
GUARDS = fields(
    {},
    {
        "classes": as_table(
            fields({}, {"cap": as_one_of(("none",)), "holdout": HOLDOUT, "refuse_if": CONDITION, "consent": NAME})
        ),
        "caps": as_list(
            fields({"class": CLASS, "max": as_whole(1, 1000), "per": PERIOD}, {"channel": NAME, "keep": KEEP})
        ),
        "quiet": fields(
            {"from": as_time_of_day(), "to": as_time_of_day(), "tz": ZONE, "then": as_one_of(("defer", "drop"))},
            {"max_defer": as_elapsed(), "spread": as_elapsed()},
        ),
        "holdout": fields({"salt": as_text(64), "share": as_share(), "unit": as_one_of(("member", "community"))}),
        "causation_depth": as_whole(1, 16),
    },
)
DEFAULTS = fields(
    {},
    {
        "reenter": REENTER,
        "cause": NAME,
        "still": as_flag(),
        "stale_after": as_elapsed(),
        "valid_for": VALID_FOR,
        "capped": as_one_of(("wait", "drop")),
        "refused": NAME,
        "after_undo": NAME,
        "class": CLASS,
        "priority": as_whole(0, 100),
    },
)
POLICY = fields(
    {
        "policy": NAME,
        "calendar": fields({"tz": ZONE}, {"holidays": as_text(64)}),
        "metrics": as_table(METRIC),
        "stages": as_cases(CONDITION),
        "health": as_cases(CONDITION),
    },
    {
        "attributes": as_table(FIELD),
        "segments": as_table(CONDITION),
        "guards": GUARDS,
        "defaults": DEFAULTS,
        "rules": as_table(RULE),
    },
)


def policy_of(text: str) -> tuple[Any, tuple[Fault, ...]]:
    node, faults = read_document(text)
    return read(POLICY, node) if node else (None, faults)


def test_the_whole_policy_is_read() -> None:
    policy, faults = policy_of(POLICY_YAML)
    assert faults == ()
    assert list(policy["stages"]) == ["acquire", "activate", "retain", "convert", "repurchase"]
    assert policy["health"]["dormant"] == "since(orders) > 45d or never(orders) and since(engaged, joined) > 30d"
    assert policy["metrics"]["joined"] == {"event": ("member.registered", "community.joined")}
    assert policy["guards"]["quiet"]["from"] == time(21, 30)
    assert policy["guards"]["holdout"]["share"] == 500
    assert policy["defaults"]["still"] is True
    assert policy["rules"]["seven_days"]["when"] == {"date": "joined.first", "days": (1, 7), "at": time(10)}
    assert policy["rules"]["say_hello"]["when"] == {"held": "acquire", "for": Span(2)}
    assert policy["rules"]["birthday"]["reenter"] == {"each": "year", "cooldown": Span(300)}
    assert policy["rules"]["complaint"]["do"] == ({"task": "community_team", "due": timedelta(hours=2)},)
    assert len(policy["rules"]) == 15


def test_mistakes_all_over_are_all_told() -> None:
    wrong = (
        POLICY_YAML.replace("still: true", "still: yes")
        .replace('"21:30"', "1290")
        .replace("share: 5%", "share: 5")
        .replace("held: acquire, for: 2d", "holds: acquire, for: 2 days")
        .replace("{coupon: first_order_5}", "{cupon: first_order_5}")
        .replace('if: "checkins.streak in [7, 14, 30]"', "if: never(orders, chat)")
        .replace("priority: 90", "priority: 900")
    )
    assert [f"{fault.path}: {fault.message('en')}" for fault in policy_of(wrong)[1]] == [
        "guards.quiet.from: write 21:30 instead of 1290",
        "guards.holdout.share: '5' is no share; write 5% or 0.05, with at most two digits after the point of a per cent, at most 100%",
        "defaults.still: write true instead of yes",
        "rules.say_hello.when.holds: 'holds' is not known here; did you mean 'held'? There are: enters, held, event, date",
        "rules.first_order.do[1].cupon: 'cupon' is not known here; did you mean 'coupon'? There are: message, coupon, points, task",
        "rules.birthday.priority: 900 is not from 0 to 100",
        "rules.streak.chat): 'chat)' stands here without a value; a text with a comma in it needs quotes",
    ]


@given(
    st.integers(0, len(POLICY_YAML)),
    st.integers(0, 12),
    st.text(alphabet="ab0 \n\t:-,'\"[]{}#&*!|>%@：。😀\u2028", max_size=4),
)
def test_any_slip_of_the_hand_leaves_a_policy_or_faults_with_places(start: int, length: int, typed: str) -> None:
    text = POLICY_YAML[:start] + typed + POLICY_YAML[start + length :]
    policy, faults = policy_of(text)
    assert (policy is None) == bool(faults)
    for fault in faults:
        assert fault.place
        assert fault.message("zh")


def test_every_part_of_it_has_a_place() -> None:
    node, _ = read_document(POLICY_YAML)
    assert node
    known = places(node)
    line = POLICY_YAML.split("\n")[known["rules.thanks.undo.by"].line - 1]
    assert line[known["rules.thanks.undo.by"].column - 1 :].startswith("order.voided")
