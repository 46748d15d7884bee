"""Rules that are always triggered together are told when a cap has no place for all of them."""

import pytest

from factories.small_policies import messages_of, small, told_of

ONE = "[{class: promo, max: 1, per: day}]"
RULES = "a: {when: {enters: buy}, class: promo, do: [{message: a}]}; b: {when: {enters: buy}, class: promo, do: [{message: a}]}"


def collide(*, rules: str = RULES, caps: str = ONE, change: tuple[str, str] = ("", "")) -> set[str]:
    """What is after the semicolon is the second rule; `change` is made to it."""
    first, second = rules.split(";")
    changed = second.replace(*change) if change[0] else second
    return {path for code, path in told_of(small(rules=f"{first};{changed}", caps=caps)) if code == "collides"}


def test_of_two_that_always_collide_the_later_is_told() -> None:
    assert collide() == {"rules.b.when"}
    assert collide(change=("class:", "priority: 60, class:")) == {"rules.a.when"}
    assert messages_of(small(rules=RULES, caps=ONE), "collides") == [
        "always triggered together with a, which goes first: the cap of 1 promo a day leaves no place for this rule then"
    ]


@pytest.mark.parametrize(
    "change",
    [
        ("enters: buy", "enters: talk"),
        ("enters: buy", "enters: buy, settle: 1h"),
        ("class: promo", "class: news"),
        ("class: promo", "if: vip, class: promo"),
        ("class: promo", "reenter: each, class: promo"),
        ("class: promo", "priority: 60, holdout: 5%, class: promo"),
    ],
)
def test_rules_that_need_not_meet_are_left_alone(change: tuple[str, str]) -> None:
    assert collide(change=change) == set()


@pytest.mark.parametrize(
    ("caps", "told"),
    [
        ("[{class: promo, max: 2, per: day}]", set()),
        ("[{class: promo, max: 2, per: day, keep: {priority: 60, slots: 1}}]", {"rules.b.when"}),
        ("[{class: promo, max: 1, per: month, channel: inbox}]", {"rules.b.when"}),
        ("[{class: promo, max: 1, per: day, channel: sms}]", set()),
        ("[]", set()),
    ],
)
def test_what_collides_depends_on_the_places_of_the_cap(caps: str, told: set[str]) -> None:
    assert collide(caps=caps) == told
