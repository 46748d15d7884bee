import pytest

from factories.conditions import refusals, scope
from lifecycle.conditions.checking.domain import read_condition
from lifecycle.conditions.names.domain import MOST_LISTED
from lifecycle.conditions.scopes.domain import Counted, Scope


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "never(order)",
            "1:7: 'order' is not a metric; did you mean 'orders'? There are: joined, chat, orders, checkins",
        ),
        ("never(zzz)", "1:7: 'zzz' is not a metric; there are: joined, chat, orders, checkins"),
        (
            "never(convert)",
            "1:7: 'convert' is a stage, asked as stage = convert; one of these can stand here: joined, chat, orders, checkins",
        ),
        (
            "in(convert)",
            "1:4: 'convert' is a stage, asked as stage = convert; one of these can stand here: loyal, chatty",
        ),
        ("never(order.confirmed)", "1:7: 'order.confirmed' is an event; ask a metric that counts it: orders"),
        ("order.confirmed >= 2", "1:1: 'order.confirmed' is an event; ask a metric that counts it: orders"),
        (
            "never(orders.count)",
            "1:7: here stands the name of a metric, one of: joined, chat, orders, checkins; found 'orders.count'",
        ),
        ("orders >= 2", "1:1: 'orders' is a metric, asked as orders.count(30d) >= 1"),
        ("always and convert", "1:12: 'convert' is a stage, asked as stage = convert"),
        ("lost", "1:1: 'lost' is a health, asked as health = lost"),
        ("not loyal", "1:5: 'loyal' is a segment, asked as in(loyal)"),
        ('channel = "wechat"', "1:1: 'channel' is a field of the event, asked as event.channel"),
        ("sat", "1:1: 'sat' is a day of the week, asked as weekday in [sat]"),
        (
            "holliday",
            (
                "1:1: 'holliday' is not an attribute; did you mean 'holiday'? There are: tier, city, level, vip, consent_promo, "
                "birthday, stage, health, hour, weekday, holiday, always"
            ),
        ),
        (
            "weekday = monday",
            "1:11: 'monday' is not a day of the week; did you mean 'mon'? There are: mon, tue, wed, thu, fri, sat, sun",
        ),
    ],
)
def test_a_name_that_nothing_is_called_is_told_with_what_may_be_meant(text: str, told: str) -> None:
    assert refusals(text) == [told]


def test_only_so_many_names_are_listed() -> None:
    metrics = {f"metric_{number:02}": Counted() for number in range(MOST_LISTED + 1)}
    [fault] = read_condition("never(x)", Scope(asked_in="rules", metrics=metrics)).faults
    assert fault.message("en").endswith("metric_18, metric_19, …")


def test_a_policy_that_declares_nothing_says_so() -> None:
    [fault] = read_condition("in(loyal)", Scope(asked_in="rules")).faults
    assert fault.message("en") == "'loyal' is not a segment; there are: -"
    assert fault.message("zh") == "沒有叫「loyal」的分群；現有：-"


def test_a_long_name_is_told_shortened() -> None:
    [fault] = read_condition("x" * 1000, scope()).faults
    assert len(fault.message("en")) < 300
