"""Guards that stop everything, or nothing, and what no guard asks about: each shown by a policy, and not by another."""

import pytest

from factories.small_policies import messages_of, small, told_of

RULE = "r: {{when: {{event: order.paid}}, class: {}, do: [{{message: a, channel: {}}}]}}"
SHOWN = [
    (
        {"classes": "x: {}"},
        {"classes": "x: {}", "rules": RULE.format("x", "inbox")},
        "unused_class",
        "guards.classes.x",
    ),
    (
        {"rules": RULE.format("news", "wecom")},
        {"rules": RULE.format("promo", "wecom")},
        "without_consent",
        "rules.r.do[1]",
    ),
    (
        {"rules": RULE.format("news", "sms")},
        {"rules": RULE.format("news", "inbox")},
        "without_consent",
        "rules.r.do[1]",
    ),
    (
        {"rules": RULE.format("news", "sms")},
        {"rules": RULE.format("service", "sms")},
        "without_consent",
        "rules.r.do[1]",
    ),
    (
        {"caps": "[{class: promo, max: 2, per: day, keep: {priority: 70, slots: 2}}]"},
        {"caps": "[{class: promo, max: 2, per: day, keep: {priority: 70, slots: 1}}]"},
        "cap_keeps_all",
        "guards.caps[1].keep",
    ),
    (
        {"caps": "[{class: promo, max: 2, per: day, keep: {priority: 51, slots: 1}}]"},
        {"caps": "[{class: promo, max: 2, per: day, keep: {priority: 50, slots: 1}}]"},
        "cap_kept_for_nobody",
        "guards.caps[1].keep",
    ),
    (
        {"caps": "[{class: promo, max: 2, per: day, channel: sms}]"},
        {"caps": "[{class: promo, max: 2, per: day, channel: inbox}]"},
        "cap_limits_nothing",
        "guards.caps[1]",
    ),
    (
        {"caps": "[{class: promo, max: 1, per: day}, {class: promo, max: 7, per: week}]"},
        {"caps": "[{class: promo, max: 1, per: day}, {class: promo, max: 6, per: week}]"},
        "cap_never_met",
        "guards.caps[2]",
    ),
    (
        {"caps": "[{class: promo, max: 1, per: week}, {class: promo, max: 6, per: month}]"},
        {"caps": "[{class: promo, max: 1, per: week}, {class: news, max: 6, per: month}]"},
        "cap_never_met",
        "guards.caps[2]",
    ),
    (
        {"caps": "[{class: promo, max: 1, per: day}, {class: promo, max: 31, per: month, channel: inbox}]"},
        {"caps": "[{class: promo, max: 31, per: month}, {class: promo, max: 1, per: day, channel: inbox}]"},
        "cap_never_met",
        "guards.caps[2]",
    ),
    (
        {
            "caps": "[{class: promo, max: 1, per: day}, {class: promo, max: 9, per: week, keep: {priority: 60, slots: 2}}]"
        },
        {
            "caps": "[{class: promo, max: 1, per: day}, {class: promo, max: 9, per: week, keep: {priority: 60, slots: 3}}]"
        },
        "cap_never_met",
        "guards.caps[2]",
    ),
    (
        {"quiet": 'quiet: {from: "21:00", to: "21:00"}'},
        {"quiet": 'quiet: {from: "21:00", to: "08:00"}'},
        "no_hour_quiet",
        "guards.quiet",
    ),
    (
        {"quiet": 'quiet: {from: "08:00", to: "07:30"}'},
        {"quiet": 'quiet: {from: "08:00", to: "07:00"}'},
        "no_hour_left",
        "guards.quiet",
    ),
    (
        {"quiet": 'quiet: {from: "21:00", to: "09:00", max_defer: 13h, spread: 2h}'},
        {"quiet": 'quiet: {from: "21:00", to: "09:00", max_defer: 14h, spread: 2h}'},
        "quiet_too_long",
        "guards.quiet.max_defer",
    ),
    (
        {"quiet": 'quiet: {from: "21:00", to: "09:00", spread: 12h}'},
        {"quiet": 'quiet: {from: "21:00", to: "09:00", spread: 11h}'},
        "spread_too_wide",
        "guards.quiet.spread",
    ),
    (
        {
            "quiet": 'quiet: {from: "21:00", to: "09:00", spread: 1h}',
            "rules": "r: {when: {enters: buy}, valid_for: 12h, do: [{message: a}]}",
        },
        {
            "quiet": 'quiet: {from: "21:00", to: "09:00", spread: 1h}',
            "rules": "r: {when: {enters: buy}, valid_for: 13h, do: [{message: a}]}",
        },
        "valid_too_short",
        "rules.r.valid_for",
    ),
    (
        {
            "quiet": 'quiet: {from: "21:00", to: "09:00"}',
            "rules": "r: {when: {enters: buy}, valid_for: 1h, do: [{message: a}]}",
        },
        {
            "quiet": 'quiet: {from: "21:00", to: "09:00"}',
            "classes": "x: {quiet: false}",
            "rules": "r: {when: {enters: buy}, class: x, valid_for: 1h, do: [{message: a}]}",
        },
        "valid_too_short",
        "rules.r.valid_for",
    ),
]


@pytest.mark.parametrize(
    ("shows", "does_not", "code", "path"), SHOWN, ids=[f"{each[2]} {n}" for n, each in enumerate(SHOWN)]
)
def test_a_bottleneck_is_told_where_it_is(
    shows: dict[str, str], does_not: dict[str, str], code: str, path: str
) -> None:
    assert (code, path) in told_of(small(**shows))
    assert code not in {told for told, _ in told_of(small(**does_not))}


def test_the_rules_that_never_send_are_named() -> None:
    caps = "[{class: promo, max: 2, per: day, keep: {priority: 70, slots: 3}}]"
    assert messages_of(small(caps=caps), "cap_keeps_all") == [
        "all 2 places are kept for priority 70, so these rules never send: first"
    ]
