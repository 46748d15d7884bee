import pytest

from factories.conditions import METRICS, accepted, refusals
from lifecycle.conditions.checking.domain import read_condition
from lifecycle.conditions.expressions.domain import Said
from lifecycle.conditions.scopes.domain import AskedIn, Scope


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ('tier = "gold"', 'tier == "gold"'),
        ('tier != "gold"', 'not tier == "gold"'),
        ("city in ['上海', '杭州']", 'city in ["上海", "杭州"]'),
        ("city not in ['上海']", 'not city == "上海"'),
        ("level in [1, 2]", "level in [1, 2]"),
        ("vip", "vip == yes"),
        ("not vip", "not vip == yes"),
        ("vip = false", "vip == no"),
        ("consent(promo)", "consent_promo == yes"),
        ("consent(promo) = no", "consent_promo == no"),
        ('birthday = "2000-02-29"', 'birthday == "2000-02-29"'),
        ("event.channel <> 'wechat'", 'event.channel != "wechat"'),
        ("event.gift", "event.gift == yes"),
        ("1000 <= event.payable_minor", "event.payable_minor >= 1000"),
        ('event.business_day < "2026-03-02"', 'event.business_day < "2026-03-02"'),
    ],
)
def test_ways_to_write(text: str, printed: str) -> None:
    assert str(accepted(text)) == printed


def test_the_filter_of_a_metric_asks_fields_by_their_bare_names() -> None:
    assert accepted('channel = "wechat"', "where") == Said("channel", "==", ("wechat",))
    assert str(accepted("gift and payable_minor >= 1000 or event.gift", "where")) == (
        "event.gift == yes and event.payable_minor >= 1000 or event.gift == yes"
    )


@pytest.mark.parametrize(
    ("asked_in", "text", "told"),
    [
        ("stages", "tier = gold", '1:8: texts stand in quotes: "gold"'),
        ("stages", "tier = 3", "1:8: 'tier' is a text and compared with texts in quotes; found '3'"),
        ("stages", 'tier in ["a", 3]', "1:15: 'tier' is a text and compared with texts in quotes; found '3'"),
        ("stages", 'tier > "gold"', "1:1: 'tier' is compared by =, != or in with a list, not by >"),
        ("stages", "level >= 3", "1:1: 'level' is compared by =, != or in with a list, not by >="),
        ("stages", "level = '3'", "1:9: a whole number is expected here; found ''3''"),
        ("stages", "vip = 1", "1:7: 'vip' is yes or no; found '1'"),
        ("stages", "tier", "1:1: 'tier' alone says nothing, only what is yes or no does; compare it: tier = …"),
        ("stages", "birthday = '02-29'", "1:12: 'birthday' is a day, written \"2026-03-02\"; found ''02-29''"),
        (
            "stages",
            "consent(sms)",
            "1:1: 'consent_sms' is not an attribute; did you mean 'consent_promo'? There are: tier, city, level, vip, consent_promo, birthday",
        ),
        (
            "stages",
            "consent()",
            "1:1: one purpose stands in these brackets: consent(promo) asks the attribute consent_promo",
        ),
        ("rules", "event.channel > 'a'", "1:1: 'event.channel' is compared by =, != or in with a list, not by >"),
        (
            "rules",
            "event.payable_minor in 1..5",
            "1:1: a range of a field is written as two comparisons: event.payable_minor >= 1 and event.payable_minor <= 5",
        ),
        (
            "rules",
            "event.chanel = 'a'",
            (
                "1:1: 'chanel' is not a field of the event; did you mean 'channel'? "
                "There are: channel, payable_minor, gift, business_day"
            ),
        ),
        (
            "rules",
            "event = 'a'",
            "1:1: a field of the event is asked as event.name; there are: channel, payable_minor, gift, business_day",
        ),
        (
            "where",
            "chanel = 'a'",
            (
                "1:1: 'chanel' is not a field of the event; did you mean 'channel'? "
                "There are: channel, payable_minor, gift, business_day"
            ),
        ),
    ],
)
def test_what_was_not_told_is_told(asked_in: AskedIn, text: str, told: str) -> None:
    assert refusals(text, asked_in) == [told]


def test_a_rule_without_an_event_has_no_fields() -> None:
    [fault] = read_condition("event.channel = 'a'", Scope(asked_in="rules", metrics=METRICS)).faults
    assert str(fault) == (
        "1:1: 'event.channel': no event with fields is at hand here; only a rule that an event triggers can ask its fields"
    )
